# Optimizing an image (Gram matrices, total variation, LBFGS on pixels); boxes: IoU, NMS, focal and GIoU losses.
import copy
import math

import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim

torch.manual_seed(3)


def gram_matrix(input):
    a, b, c, d = input.size()
    features = input.view(a * b, c * d)
    G = torch.mm(features, features.t())
    return G.div(a * b * c * d)


class StyleLoss(nn.Module):
    def __init__(self, target_feature):
        super(StyleLoss, self).__init__()
        self.target = gram_matrix(target_feature).detach()

    def forward(self, input):
        self.loss = F.mse_loss(gram_matrix(input), self.target)
        return input


class ContentLoss(nn.Module):
    def __init__(self, target):
        super(ContentLoss, self).__init__()
        self.target = target.detach()

    def forward(self, input):
        self.loss = F.mse_loss(input, self.target)
        return input


class Normalization(nn.Module):
    def __init__(self, mean, std):
        super(Normalization, self).__init__()
        self.mean = torch.tensor(mean).view(-1, 1, 1)
        self.std = torch.tensor(std).view(-1, 1, 1)

    def forward(self, img):
        return (img - self.mean) / self.std


cnn = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.Conv2d(6, 8, 3, padding=1),
                    nn.ReLU(inplace=True)).requires_grad_(False).eval()
yy, xx = torch.meshgrid(torch.linspace(0, 1, 12), torch.linspace(0, 1, 12), indexing='ij')
content_img = torch.stack([yy, xx, (yy - .5).abs()]).unsqueeze(0)
style_img = (torch.sin(20 * xx) * .5 + .5).expand(1, 3, 12, 12)
model = nn.Sequential(Normalization([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
style_losses, content_losses = [], []
i = 0
for layer in copy.deepcopy(cnn).children():
    if isinstance(layer, nn.Conv2d):
        i += 1
        name = 'conv_{}'.format(i)
    elif isinstance(layer, nn.ReLU):
        name = 'relu_{}'.format(i)
        layer = nn.ReLU(inplace=False)
    elif isinstance(layer, nn.MaxPool2d):
        name = 'pool_{}'.format(i)
    else:
        raise RuntimeError('Unrecognized layer: {}'.format(layer.__class__.__name__))
    model.add_module(name, layer)
    if name == 'conv_2':
        content_losses.append(ContentLoss(model(content_img)))
        model.add_module("content_loss_{}".format(i), content_losses[-1])
    if 'conv' in name:
        style_losses.append(StyleLoss(model(style_img).detach()))
        model.add_module("style_loss_{}".format(i), style_losses[-1])
print(model)
input_img = content_img.clone().requires_grad_(True)
optimizer = optim.LBFGS([input_img], max_iter=3)
run = [0]
while run[0] <= 4:
    def closure():
        with torch.no_grad():
            input_img.clamp_(0, 1)
        optimizer.zero_grad()
        model(input_img)
        style_score = sum(sl.loss for sl in style_losses) * 1000
        content_score = sum(cl.loss for cl in content_losses)
        tv = (input_img[..., 1:, :] - input_img[..., :-1, :]).abs().mean() + input_img.diff(dim=-1).abs().mean()
        loss = style_score + content_score + 0.1 * tv
        loss.backward()
        run[0] += 1
        print("run {}: Style {:4f} Content {:4f}".format(run, style_score.item(), content_score.item()))
        return loss
    optimizer.step(closure)


def box_iou(a, b):
    area = lambda t: (t[:, 2] - t[:, 0]) * (t[:, 3] - t[:, 1])  # noqa: E731
    lt = torch.max(a[:, None, :2], b[:, :2])
    rb = torch.min(a[:, None, 2:], b[:, 2:])
    inter = (rb - lt).clamp(min=0).prod(2)
    union = area(a)[:, None] + area(b) - inter
    return inter / union, union


def giou_loss(a, b):
    iou, union = box_iou(a, b)
    lt = torch.min(a[:, None, :2], b[:, :2])
    rb = torch.max(a[:, None, 2:], b[:, 2:])
    hull = (rb - lt).clamp(min=0).prod(2)
    return 1 - torch.diag(iou - (hull - union) / hull)


def nms(boxes, scores, threshold):
    order = scores.argsort(descending=True)
    keep = []
    while order.numel() > 0:
        i = order[0].item()
        keep.append(i)
        if order.numel() == 1:
            break
        iou, _ = box_iou(boxes[i].unsqueeze(0), boxes[order[1:]])
        order = order[1:][iou.squeeze(0) <= threshold]
    return torch.tensor(keep)


def sigmoid_focal_loss(inputs, targets, alpha: float = 0.25, gamma: float = 2):
    prob = inputs.sigmoid()
    ce_loss = F.binary_cross_entropy_with_logits(inputs, targets, reduction="none")
    p_t = prob * targets + (1 - prob) * (1 - targets)
    loss = ce_loss * ((1 - p_t) ** gamma)
    if alpha >= 0:
        loss = (alpha * targets + (1 - alpha) * (1 - targets)) * loss
    return loss.mean(1).sum() / len(inputs)


corner = torch.rand(20, 2) * 8
boxes = torch.cat([corner, corner + 1 + torch.rand(20, 2) * 3], dim=1)
scores = torch.rand(20)
print(box_iou(boxes[:3], boxes[:4])[0], nms(boxes, scores, 0.3))
cxcywh = torch.cat([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]], 1)
anchor = cxcywh.clone().requires_grad_()
opt = optim.Adamax([anchor], lr=0.05)
target = boxes.roll(1, dims=0)
logits = torch.zeros(20, 3, requires_grad=True)
labels = F.one_hot(torch.randint(3, (20,)), 3).float()
for step in range(6):
    c, s = anchor.split(2, dim=1)
    xyxy = torch.cat([c - s / 2, c + s / 2], 1)
    loss = giou_loss(xyxy, target).mean() + F.smooth_l1_loss(xyxy, target, beta=1.0 / 9) + sigmoid_focal_loss(logits, labels)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print("boxes", step, loss.item(), logits.grad.abs().sum().item())

# sinusoidal noise schedule of a diffusion model, one training step and one sampling step
T = 20
t = torch.linspace(0, T, T + 1) / T
alphas_cumprod = torch.cos((t + 0.008) / 1.008 * math.pi * 0.5) ** 2
betas = torch.clip(1 - (alphas_cumprod[1:] / alphas_cumprod[:-1]), 0.0001, 0.9999)
alphas = torch.cumprod(1. - betas, axis=0)
prev = F.pad(alphas[:-1], (1, 0), value=1.0)
denoise = nn.Sequential(nn.Linear(3, 16), nn.Mish(), nn.Linear(16, 2))
opt = optim.RAdam(denoise.parameters(), lr=0.02)
for step in range(12):
    k = torch.randint(0, T, (64,)).long()
    x0 = torch.randn(64, 2) * 0.1 + torch.tensor([1.0, -1.0])
    noise = torch.randn_like(x0)
    a = alphas.gather(-1, k)[:, None]
    xt = a.sqrt() * x0 + (1 - a).sqrt() * noise
    loss = F.huber_loss(denoise(torch.cat([xt, k[:, None] / T], 1)), noise)
    opt.zero_grad()
    loss.backward()
    opt.step()
print("diffusion", loss.item())
with torch.no_grad():
    x = torch.randn(4, 2)
    for k in reversed(range(T)):
        eps = denoise(torch.cat([x, torch.full((4, 1), k / T)], 1))
        x = (x - betas[k] / (1 - alphas[k]).sqrt() * eps) / (1 - betas[k]).sqrt()
        if k:
            x += (betas[k] * (1 - prev[k]) / (1 - alphas[k])).sqrt() * torch.randn_like(x)
print(x)
