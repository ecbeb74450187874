'''ResNet for 32x32 images, with random crops and flips in tensor code, SGD with momentum and MultiStepLR.'''
import argparse
import os
import time

import torch
import torch.backends.cudnn as cudnn
import torch.nn as nn
import torch.nn.functional as F
import torch.nn.init as init
import torch.optim


def _weights_init(m):
    if isinstance(m, nn.Linear) or isinstance(m, nn.Conv2d):
        init.kaiming_normal_(m.weight)


class LambdaLayer(nn.Module):
    def __init__(self, lambd):
        super(LambdaLayer, self).__init__()
        self.lambd = lambd

    def forward(self, x):
        return self.lambd(x)


class BasicBlock(nn.Module):
    expansion = 1

    def __init__(self, in_planes, planes, stride=1, option='A'):
        super(BasicBlock, self).__init__()
        self.conv1 = nn.Conv2d(in_planes, planes, kernel_size=3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, kernel_size=3, stride=1, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)

        self.shortcut = nn.Sequential()
        if stride != 1 or in_planes != planes:
            if option == 'A':
                self.shortcut = LambdaLayer(
                    lambda x: F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, planes // 4, planes // 4), "constant", 0))
            elif option == 'B':
                self.shortcut = nn.Sequential(
                    nn.Conv2d(in_planes, self.expansion * planes, kernel_size=1, stride=stride, bias=False),
                    nn.BatchNorm2d(self.expansion * planes))

    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += self.shortcut(x)
        out = F.relu(out)
        return out


class ResNet(nn.Module):
    def __init__(self, block, num_blocks, option, num_classes=4):
        super(ResNet, self).__init__()
        self.in_planes = 4
        self.conv1 = nn.Conv2d(3, 4, kernel_size=3, stride=1, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.layer1 = self._make_layer(block, 4, num_blocks[0], 1, option)
        self.layer2 = self._make_layer(block, 8, num_blocks[1], 2, option)
        self.layer3 = self._make_layer(block, 16, num_blocks[2], 2, option)
        self.linear = nn.Linear(16, num_classes)
        self.apply(_weights_init)

    def _make_layer(self, block, planes, num_blocks, stride, option):
        strides = [stride] + [1]*(num_blocks-1)
        layers = []
        for stride in strides:
            layers.append(block(self.in_planes, planes, stride, option))
            self.in_planes = planes * block.expansion
        return nn.Sequential(*layers)

    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.layer1(out)
        out = self.layer2(out)
        out = self.layer3(out)
        out = F.avg_pool2d(out, out.size()[3])
        out = out.view(out.size(0), -1)
        out = self.linear(out)
        return out


class AverageMeter(object):
    """Computes and stores the average and current value"""
    def __init__(self):
        self.reset()

    def reset(self):
        self.val = self.avg = self.sum = self.count = 0

    def update(self, val, n=1):
        self.val = val
        self.sum += val * n
        self.count += n
        self.avg = self.sum / self.count


def augment(images):
    padded = F.pad(images, (4, 4, 4, 4), mode='reflect')
    out = torch.empty_like(images)
    for i in range(images.size(0)):
        dy, dx = torch.randint(0, 9, (2,)).tolist()
        out[i] = padded[i, :, dy:dy + 32, dx:dx + 32]
    flip = torch.rand(images.size(0)) < 0.5
    out[flip] = out[flip].flip(-1)
    return out


def stripes(n):
    """Four classes: horizontal, vertical and both diagonal stripes, colored and noisy."""
    y = torch.randint(4, (n,))
    grid = torch.linspace(-1, 1, 32)
    rows, cols = grid[:, None].expand(32, 32), grid[None, :].expand(32, 32)
    phase = torch.stack([rows, cols, (rows + cols) * .7, (rows - cols) * .7])[y]
    waves = torch.sin(phase * 12 + 6 * torch.rand(n, 1, 1))
    color = torch.rand(n, 3, 1, 1)
    return waves.unsqueeze(1) * color + 0.3 * torch.randn(n, 3, 32, 32), y


def accuracy(output, target, topk=(1,)):
    """Computes the precision@k for the specified values of k"""
    maxk = max(topk)
    batch_size = target.size(0)
    _, pred = output.topk(maxk, 1, True, True)
    pred = pred.t()
    correct = pred.eq(target.view(1, -1).expand_as(pred))
    res = []
    for k in topk:
        correct_k = correct[:k].reshape(-1).float().sum(0)
        res.append(correct_k.mul_(100.0 / batch_size))
    return res


def main():
    parser = argparse.ArgumentParser(formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('--epochs', default=3, type=int)
    parser.add_argument('-b', '--batch-size', default=16, type=int)
    parser.add_argument('--lr', default=0.05, type=float)
    parser.add_argument('--momentum', default=0.9, type=float)
    parser.add_argument('--wd', dest='weight_decay', default=1e-4, type=float)
    parser.add_argument('--save-dir', default='save_temp', type=str)
    args = parser.parse_args()
    os.makedirs(args.save_dir, exist_ok=True)
    cudnn.benchmark = True
    best_prec1 = 0
    for option in 'A', 'B':
        torch.manual_seed(0)
        model = ResNet(BasicBlock, [1, 1, 1], option)
        total = sum(p.numel() for p in model.parameters() if p.requires_grad)
        print("Total number of params", total)
        print("Total layers", len(list(filter(lambda p: p.requires_grad and len(p.data.size()) > 1, model.parameters()))))
        images, labels = stripes(96)
        criterion = nn.CrossEntropyLoss()
        optimizer = torch.optim.SGD(model.parameters(), args.lr, momentum=args.momentum, weight_decay=args.weight_decay)
        lr_scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[1, 2])
        for epoch in range(args.epochs):
            print('current lr {:.5e}'.format(optimizer.param_groups[0]['lr']))
            losses, top1, batch_time = AverageMeter(), AverageMeter(), AverageMeter()
            end = time.time()
            model.train()
            for idx in torch.randperm(len(images)).split(args.batch_size):
                output = model(augment(images[idx]))
                loss = criterion(output, labels[idx])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                prec1, prec2 = accuracy(output.data, labels[idx], topk=(1, 2))
                losses.update(loss.float().item(), len(idx))
                top1.update(prec1.item(), len(idx))
                batch_time.update(time.time() - end)
            print('Epoch: [{0}]\tLoss {loss.val:.5f} ({loss.avg:.5f})\tPrec@1 {top1.val:.3f} ({top1.avg:.3f})'.format(
                epoch, loss=losses, top1=top1))
            lr_scheduler.step()
            best_prec1 = max(top1.avg, best_prec1)
            torch.save({'epoch': epoch + 1, 'state_dict': model.state_dict(), 'best_prec1': best_prec1},
                       os.path.join(args.save_dir, 'checkpoint.th'))
    checkpoint = torch.load(os.path.join(args.save_dir, 'checkpoint.th'))
    print(sorted(checkpoint), checkpoint['epoch'], list(checkpoint['state_dict'])[:4])
    model.eval()
    with torch.inference_mode():
        print(model(images[:2]))


if __name__ == '__main__':
    main()
