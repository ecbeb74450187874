"""An LSTM reads a digit row by row, as a sequence of eight rows of eight pixels, in both directions."""

from common import accuracy, batches, digits, options, parameters, progress

import minitorch as mt
from minitorch import nn

args = options(__doc__, epochs=(20, 1), hidden=(48, 16), batch_size=(32, 100), lr=(5e-3, 5e-3))
x, y, x_test, y_test = digits()


class RowReader(nn.Module):
    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(8, hidden, batch_first=True, bidirectional=True)
        self.head = nn.Linear(2 * hidden, 10)

    def forward(self, images):
        rows = images.squeeze(1)  # (N, 8 steps, 8 pixels)
        _, (h, _) = self.lstm(rows)  # (2 directions, N, hidden), after the last step of each
        return self.head(mt.cat([h[0], h[1]], dim=1))


net = RowReader(args.hidden)
optimizer = mt.optim.RMSprop(net.parameters(), lr=args.lr)
schedule = mt.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.9)
criterion = nn.CrossEntropyLoss()
print(parameters(net))
for epoch in range(1, args.epochs + 1):
    for index in progress(list(batches(len(x), args.batch_size)), f"epoch {epoch}"):
        loss = criterion(net(x[index]), y[index])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
    schedule.step()
    if epoch % 5 == 0 or epoch == args.epochs:
        print(f"epoch {epoch:2}  loss {loss.item():.4f}  test accuracy {accuracy(net, x_test, y_test):.2%}")
