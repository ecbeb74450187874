"""A variational autoencoder of the digits (Kingma and Welling, 2014), and digits that it invents."""

from common import batches, digits, drawn, options, parameters, progress

import minitorch as mt
from minitorch import nn
from minitorch.distributions import Normal, kl_divergence
from minitorch.nn import functional as F

args = options(__doc__, epochs=(60, 2), latent=(8, 4), batch_size=(64, 128), lr=(2e-3, 2e-3))
x, _, x_test, _ = digits()


class VAE(nn.Module):
    def __init__(self, latent: int) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 2 * latent))
        self.decoder = nn.Sequential(nn.Linear(latent, 128), nn.ReLU(), nn.Linear(128, 64), nn.Unflatten(1, (1, 8, 8)))

    def forward(self, x):
        mean, log_std = self.encoder(x).chunk(2, dim=1)
        code = Normal(mean, log_std.exp())
        return self.decoder(code.rsample()), code  # rsample: mean + std * noise, so that gradients reach both


def bound(net: VAE, x: mt.Tensor) -> tuple[mt.Tensor, mt.Tensor]:
    """Reconstruction error and divergence from the prior, in nats per image; their sum bounds -log p(x)."""
    logits, code = net(x)
    error = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
    return error, kl_divergence(code, Normal(0.0, 1.0)).sum() / len(x)


net = VAE(args.latent)
optimizer = mt.optim.Adam(net.parameters(), lr=args.lr)
print(parameters(net))
for epoch in progress(range(1, args.epochs + 1), "epochs"):
    for index in batches(len(x), args.batch_size):
        error, divergence = bound(net, x[index])
        optimizer.zero_grad()
        (error + divergence).backward()
        optimizer.step()
    if epoch % 20 == 0 or epoch == args.epochs:
        with mt.no_grad():
            error, divergence = bound(net, x_test)
        print(f"epoch {epoch:2}  test: reconstruction {error.item():.2f} + divergence {divergence.item():.2f} nats")

with mt.no_grad():
    print("seen, and rebuilt from their codes:")
    print(drawn(x_test[:6, 0]))
    print(drawn(net(x_test[:6])[0].sigmoid()[:, 0]))
    print("invented:")
    print(drawn(net.decoder(mt.randn(6, args.latent)).sigmoid()[:, 0]))
