"""A multilayer perceptron that reads handwritten digits: the training loop in its plainest form."""

from common import accuracy, batches, digits, options, parameters, progress

import minitorch as mt
from minitorch import nn

args = options(__doc__, epochs=(30, 1), batch_size=(32, 64), lr=(3e-3, 3e-3))
x, y, x_test, y_test = digits()

net = nn.Sequential(nn.Flatten(), nn.Linear(64, 128), nn.ReLU(), nn.Dropout(0.2), nn.Linear(128, 10))
optimizer = mt.optim.Adam(net.parameters(), lr=args.lr)
criterion = nn.CrossEntropyLoss()
print(net, parameters(net))

for epoch in range(1, args.epochs + 1):
    total = 0.0
    for index in progress(list(batches(len(x), args.batch_size)), f"epoch {epoch}"):
        loss = criterion(net(x[index]), y[index])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(index)
    if epoch % 5 == 0 or epoch == args.epochs:
        print(f"epoch {epoch:2}  loss {total / len(x):.4f}  test accuracy {accuracy(net, x_test, y_test):.2%}")
