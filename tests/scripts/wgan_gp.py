"""Wasserstein GAN with gradient penalty on a two-dimensional mixture, spectral norm beside it, weight clipping as well."""
import argparse

import torch
import torch.autograd as autograd
from torch import nn, optim

parser = argparse.ArgumentParser()
parser.add_argument("--mode", choices=["gp", "clip", "sn"], nargs="*", default=["gp", "clip", "sn"])
parser.add_argument("--iters", type=int, default=10)
opt = parser.parse_args()
print(opt)
DIM, LAMBDA, CRITIC_ITERS, BATCH = 24, .1, 2, 32


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(nn.Linear(2, DIM), nn.ReLU(True), nn.Linear(DIM, DIM), nn.ReLU(True), nn.Linear(DIM, 2))

    def forward(self, noise, real_data=None):
        return self.main(noise)


class Discriminator(nn.Module):
    def __init__(self, norm=lambda layer: layer):
        super().__init__()
        self.main = nn.Sequential(norm(nn.Linear(2, DIM)), nn.SiLU(), norm(nn.Linear(DIM, DIM)), nn.Softplus(),
                                  norm(nn.Linear(DIM, 1)))

    def forward(self, inputs):
        return self.main(inputs).view(-1)


def inf_train_gen():
    while True:
        index = torch.randint(0, 4, (BATCH,))
        centers = torch.tensor([(1., 0), (-1, 0), (0, 1), (0, -1)])
        yield centers[index] + torch.normal(mean=0., std=0.02, size=(BATCH, 2))


def calc_gradient_penalty(netD, real_data, fake_data):
    alpha = torch.rand(BATCH, 1)
    alpha = alpha.expand(real_data.size())
    interpolates = alpha * real_data + ((1 - alpha) * fake_data)
    interpolates.requires_grad_(True)
    disc_interpolates = netD(interpolates)
    gradients = autograd.grad(outputs=disc_interpolates, inputs=interpolates,
                              grad_outputs=torch.ones(disc_interpolates.size()),
                              create_graph=True, retain_graph=True, only_inputs=True)[0]
    return ((gradients.norm(2, dim=1) - 1) ** 2).mean() * LAMBDA


for mode in opt.mode:
    torch.manual_seed(1)
    netG = Generator()
    netD = Discriminator(nn.utils.spectral_norm if mode == "sn" else lambda layer: layer)
    if mode == "sn":
        print(netD.main[0], [n for n, _ in netD.named_buffers()][:3])
    optimizerD = optim.RMSprop(netD.parameters(), lr=1e-3, centered=True) if mode == "clip" else \
        optim.Adam(netD.parameters(), lr=1e-3, betas=(0.5, 0.9))
    optimizerG = optim.Adam(netG.parameters(), lr=1e-3, betas=(0.5, 0.9))
    data = inf_train_gen()
    for iteration in range(opt.iters):
        for p in netD.parameters():  # reset requires_grad
            p.requires_grad = True  # they are set to False below in netG update
        for iter_d in range(CRITIC_ITERS):
            real_data = next(data)
            netD.zero_grad()
            D_real = netD(real_data).mean()
            noise = torch.randn(BATCH, 2)
            with torch.no_grad():
                fake = netG(noise)
            D_fake = netD(fake).mean()
            gradient_penalty = calc_gradient_penalty(netD, real_data.data, fake.data) if mode == "gp" else torch.zeros(())
            D_cost = D_fake - D_real + gradient_penalty
            D_cost.backward()
            Wasserstein_D = D_real - D_fake
            optimizerD.step()
            if mode == "clip":
                for p in netD.parameters():
                    p.data.clamp_(-0.1, 0.1)
        for p in netD.parameters():
            p.requires_grad = False  # to avoid computation
        netG.zero_grad()
        G = -netD(netG(torch.randn(BATCH, 2))).mean()
        G.backward()
        optimizerG.step()
        if iteration % 3 == 0:
            print(f"{mode} {iteration} D {D_cost.item():.6f} W {Wasserstein_D.item():.6f} GP {gradient_penalty.item():.6f} "
                  f"G {G.item():.6f}")
    print(netG.main[4].bias.data, sum(p.abs().sum() for p in netD.parameters()).item())
