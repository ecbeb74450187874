"""A convolutional network on the digits, with batch norm, random shifts of the images and a one-cycle schedule."""

from common import accuracy, digits, drawn, options, parameters, progress

import minitorch as mt
from minitorch import nn
from minitorch.nn import functional as F
from minitorch.utils.data import DataLoader, TensorDataset

args = options(__doc__, epochs=(15, 1), batch_size=(32, 100), lr=(1e-2, 1e-2))
x, y, x_test, y_test = digits()
loader = DataLoader(TensorDataset(x, y), batch_size=args.batch_size, shuffle=True)


def shifted(images: mt.Tensor) -> mt.Tensor:
    """The batch moved by up to one pixel in each direction."""
    dy, dx = mt.randint(0, 3, (2,)).tolist()
    return F.pad(images, (1, 1, 1, 1))[:, :, dy : dy + 8, dx : dx + 8]


def layer(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())


net = nn.Sequential(
    layer(1, 16), layer(16, 32), nn.MaxPool2d(2), layer(32, 64), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Dropout(0.3),
    nn.Linear(256, 10),
)  # fmt: skip
optimizer = mt.optim.AdamW(net.parameters(), weight_decay=1e-2)
schedule = mt.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=args.lr, epochs=args.epochs, steps_per_epoch=len(loader))
print(parameters(net))

for epoch in range(1, args.epochs + 1):
    for images, labels in progress(loader, f"epoch {epoch}"):
        loss = F.cross_entropy(net(shifted(images)), labels, label_smoothing=0.05)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    if epoch % 3 == 0 or epoch == args.epochs:
        print(f"epoch {epoch:2}  loss {loss.item():.4f}  test accuracy {accuracy(net, x_test, y_test):.2%}")

net.eval()
with mt.no_grad():
    answer = net(x_test).argmax(1)
wrong = (answer != y_test).nonzero()[:5, 0]
if len(wrong):
    print(f"read as {answer[wrong].tolist()}, but they are {y_test[wrong].tolist()}:")
    print(drawn(x_test[wrong, 0]))
