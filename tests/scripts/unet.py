"""Segmentation with a small U-Net: typed, device-agnostic, BCE with logits plus a soft Dice loss."""
from __future__ import annotations

import argparse
import logging
import sys
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn, optim
from torch.utils.data import DataLoader, Dataset, random_split

logging.basicConfig(level=logging.INFO, format="%(levelname)s: %(message)s", stream=sys.stdout)


class DoubleConv(nn.Module):
    """(convolution => [BN] => ReLU) * 2"""

    def __init__(self, in_channels: int, out_channels: int, mid_channels: int | None = None) -> None:
        super().__init__()
        mid_channels = mid_channels or out_channels
        self.double_conv = nn.Sequential(
            nn.Conv2d(in_channels, mid_channels, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(mid_channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(mid_channels, out_channels, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.double_conv(x)


class Up(nn.Module):
    def __init__(self, in_channels: int, out_channels: int, bilinear: bool = True) -> None:
        super().__init__()
        if bilinear:
            self.up: nn.Module = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
            self.conv = DoubleConv(in_channels, out_channels, in_channels // 2)
        else:
            self.up = nn.ConvTranspose2d(in_channels, in_channels // 2, kernel_size=2, stride=2)
            self.conv = DoubleConv(in_channels, out_channels)

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        x1 = self.up(x1)
        diff_y = x2.size()[2] - x1.size()[2]
        diff_x = x2.size()[3] - x1.size()[3]
        x1 = F.pad(x1, [diff_x // 2, diff_x - diff_x // 2, diff_y // 2, diff_y - diff_y // 2])
        x = torch.cat([x2, x1], dim=1)
        return self.conv(x)


class UNet(nn.Module):
    def __init__(self, n_channels: int, n_classes: int, bilinear: bool = False, width: int = 4) -> None:
        super().__init__()
        factor = 2 if bilinear else 1
        self.inc = DoubleConv(n_channels, width)
        self.down1 = nn.Sequential(nn.MaxPool2d(2), DoubleConv(width, width * 2))
        self.down2 = nn.Sequential(nn.MaxPool2d(2), DoubleConv(width * 2, width * 4 // factor))
        self.up1 = Up(width * 4, width * 2 // factor, bilinear)
        self.up2 = Up(width * 2, width, bilinear)
        self.outc = nn.Conv2d(width, n_classes, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        x1 = self.inc(x)
        x2 = self.down1(x1)
        x3 = self.down2(x2)
        x = self.up1(x3, x2)
        x = self.up2(x, x1)
        return self.outc(x)


class Blobs(Dataset[tuple[Tensor, Tensor]]):
    """Ellipses on a noisy background, 22 x 18 so that the skip connections need padding."""

    def __init__(self, n: int, generator: torch.Generator) -> None:
        ys, xs = torch.meshgrid(torch.linspace(-1, 1, 22), torch.linspace(-1, 1, 18), indexing="ij")
        center = torch.rand(n, 2, 1, 1, generator=generator) - 0.5
        radius = 0.2 + 0.4 * torch.rand(n, 2, 1, 1, generator=generator)
        inside = ((ys - center[:, 0]) / radius[:, 0]).square() + ((xs - center[:, 1]) / radius[:, 1]).square() < 1
        self.masks = inside.unsqueeze(1).to(torch.float32)
        self.images = self.masks + 0.5 * torch.randn(self.masks.shape, generator=generator)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self.images[index], self.masks[index]


def dice_loss(probabilities: Tensor, target: Tensor, eps: float = 1e-6) -> Tensor:
    dims = (-1, -2, -3)
    inter = 2 * (probabilities * target).sum(dim=dims)
    union = probabilities.sum(dim=dims) + target.sum(dim=dims)
    union = torch.where(union == 0, inter, union)
    return 1 - ((inter + eps) / (union + eps)).mean()


@dataclass
class Config:
    epochs: int = 3
    batch_size: int = 4
    lr: float = 1e-3
    bilinear: bool = False


@torch.inference_mode()
def evaluate(net: nn.Module, loader: DataLoader, device: torch.device) -> float:
    net.eval()
    score = 0.0
    for image, mask in loader:
        prediction = (torch.sigmoid(net(image.to(device))) > 0.5).float()
        score += 1 - dice_loss(prediction, mask.to(device)).item()
    net.train()
    return score / max(len(loader), 1)


def train(config: Config, device: torch.device) -> nn.Module:
    generator = torch.Generator().manual_seed(0)
    dataset = Blobs(28, generator)
    train_set, val_set = random_split(dataset, [0.85, 0.15], generator=torch.Generator().manual_seed(0))
    logging.info("%d images for training, %d for validation", len(train_set), len(val_set))
    torch.manual_seed(3)
    net = UNet(1, 1, config.bilinear).to(device=device, memory_format=torch.channels_last)
    optimizer = optim.RMSprop(net.parameters(), lr=config.lr, eps=1e-3, weight_decay=1e-8,
                              momentum=0.9, foreach=True)
    scheduler = optim.lr_scheduler.ReduceLROnPlateau(optimizer, "max", patience=1)
    criterion = nn.BCEWithLogitsLoss(pos_weight=torch.tensor(1.5, device=device))
    loader = DataLoader(train_set, batch_size=config.batch_size, shuffle=True, drop_last=True)
    val_loader = DataLoader(val_set, batch_size=1)
    for epoch in range(1, config.epochs + 1):
        epoch_loss = 0.0
        for image, mask in loader:
            prediction = net(image.to(device, memory_format=torch.channels_last))
            loss = criterion(prediction.squeeze(1), mask.squeeze(1))
            loss = loss + dice_loss(torch.sigmoid(prediction), mask)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            norm = torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            epoch_loss += loss.item()
        score = evaluate(net, val_loader, device)
        scheduler.step(score)
        logging.info(f"epoch {epoch}: loss {epoch_loss / len(loader):.6f} dice {score:.4f} norm {norm:.5f} "
                     f"lr {optimizer.param_groups[0]['lr']:.1e}")
    return net


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--checkpoint", type=Path, default=Path("unet.pth"))
    options = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    for bilinear in (False, True):
        net = train(Config(epochs=options.epochs, bilinear=bilinear), device)
        state_dict = net.state_dict()
        state_dict["mask_values"] = [0, 1]
        torch.save(state_dict, options.checkpoint)
        loaded = torch.load(options.checkpoint, map_location=device)
        logging.info("mask values %s, %d entries", loaded.pop("mask_values"), len(loaded))
        net.load_state_dict(loaded)
