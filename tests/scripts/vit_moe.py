"""A vision transformer with a mixture of experts, written with einsum, autocast and compile switches left off."""
import argparse
import time

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch.utils.checkpoint import checkpoint

parser = argparse.ArgumentParser()
parser.add_argument("--compile", action="store_true")
parser.add_argument("--amp", action="store_true")
parser.add_argument("--steps", type=int, default=12)
args = parser.parse_args()
torch.manual_seed(0)
torch.set_float32_matmul_precision("high")
device = "cuda" if torch.cuda.is_available() else "cpu"


class PatchEmbed(nn.Module):
    def __init__(self, size=8, patch=2, dim=24):
        super().__init__()
        self.proj = nn.Conv2d(1, dim, kernel_size=patch, stride=patch)
        self.cls = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos = nn.Parameter(torch.empty(1, (size // patch) ** 2 + 1, dim))
        nn.init.trunc_normal_(self.pos, std=0.02)
        nn.init.trunc_normal_(self.cls, std=0.02)

    def forward(self, x):
        x = self.proj(x).flatten(2).transpose(1, 2)  # B N C
        x = torch.cat((self.cls.expand(x.shape[0], -1, -1), x), dim=1)
        return x + self.pos


class Attention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads, self.scale = heads, (dim // heads) ** -0.5
        self.to_qkv = nn.Linear(dim, dim * 3, bias=False)
        self.out = nn.Linear(dim, dim)
        self.relative = nn.Embedding(17, heads)

    def forward(self, x):
        b, n, d = x.shape
        q, k, v = map(lambda t: t.reshape(b, n, self.heads, -1), self.to_qkv(x).chunk(3, dim=-1))
        dots = torch.einsum("bihd,bjhd->bhij", q, k) * self.scale
        distance = (torch.arange(n)[:, None] - torch.arange(n)[None, :]).abs()
        dots = dots + self.relative(distance).permute(2, 0, 1).unsqueeze(0)
        out = torch.einsum("bhij,bjhd->bihd", dots.softmax(dim=-1), v)
        return self.out(out.reshape(b, n, d))


class MoE(nn.Module):
    def __init__(self, dim, experts=4, k=2):
        super().__init__()
        self.gate = nn.Linear(dim, experts)
        self.experts = nn.ModuleList(nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(approximate="tanh"), nn.Linear(2 * dim, dim))
                                     for _ in range(experts))
        self.k = k
        self.aux = None

    def forward(self, x):
        flat = x.reshape(-1, x.shape[-1])
        scores = self.gate(flat)
        top, idx = torch.topk(scores, self.k, dim=-1)
        weights = F.softmax(top, dim=-1, dtype=torch.float).to(x.dtype)
        out = torch.zeros_like(flat)
        for i, expert in enumerate(self.experts):
            rows, slot = torch.where(idx == i)
            if rows.numel() == 0:
                continue
            out.index_add_(0, rows, weights[rows, slot, None] * expert(flat[rows]))
        load = F.one_hot(idx, len(self.experts)).float().mean(dim=(0, 1))
        self.aux = (load * scores.softmax(-1).mean(0)).sum() * len(self.experts)
        return out.view_as(x)


class DropPath(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training or self.p == 0.:
            return x
        keep = x.new_empty((x.shape[0],) + (1,) * (x.ndim - 1)).bernoulli_(1 - self.p)
        return x * keep.div_(1 - self.p)

    def extra_repr(self):
        return f"p={self.p}"


class Block(nn.Module):
    def __init__(self, dim, heads, drop):
        super().__init__()
        self.n1, self.n2 = nn.RMSNorm(dim), nn.LayerNorm(dim, eps=1e-6)
        self.attn, self.moe, self.drop = Attention(dim, heads), MoE(dim), DropPath(drop)
        self.gamma = nn.Parameter(1e-1 * torch.ones(dim))

    def forward(self, x):
        x = x + self.drop(self.gamma * self.attn(self.n1(x)))
        return x + self.drop(self.moe(self.n2(x)))


class ViT(nn.Module):
    def __init__(self, dim=24, depth=2, heads=3, classes=10, checkpointing=False):
        super().__init__()
        self.embed = PatchEmbed(dim=dim)
        rates = [r.item() for r in torch.linspace(0, 0.1, depth)]
        self.blocks = nn.ModuleList([Block(dim, heads, r) for r in rates])
        self.head = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, classes))
        self.checkpointing = checkpointing

    def forward(self, x):
        x = self.embed(x)
        for block in self.blocks:
            x = checkpoint(block, x, use_reentrant=False) if self.checkpointing else block(x)
        return self.head(x[:, 0]), sum(b.moe.aux for b in self.blocks)


def mixup(x, y, alpha=0.4):
    lam = torch.distributions.Beta(alpha, alpha).sample()
    perm = torch.randperm(x.size(0))
    return lam * x + (1 - lam) * x[perm], y, y[perm], lam


X, Y = load_digits(return_X_y=True)
X = torch.tensor(X, dtype=torch.float32).view(-1, 1, 8, 8).div_(8).sub_(1)
Y = torch.tensor(Y)
for checkpointing in (False, True):
    torch.manual_seed(7)
    model = ViT(checkpointing=checkpointing).to(device)
    if args.compile:
        model = torch.compile(model)
    if not checkpointing:
        print(model.blocks[0])
    opt = torch.optim.AdamW(model.parameters(), lr=3e-3, betas=(0.9, 0.99), weight_decay=0.05)
    sched = torch.optim.lr_scheduler.SequentialLR(opt, [
        torch.optim.lr_scheduler.LinearLR(opt, 0.1, total_iters=4),
        torch.optim.lr_scheduler.CosineAnnealingLR(opt, args.steps - 4)], milestones=[4])
    scaler = torch.amp.GradScaler(device, enabled=args.amp)
    start = time.perf_counter()
    for step in range(args.steps):
        idx = torch.randint(0, 1500, (32,), device=device)
        x, ya, yb, lam = mixup(X[idx], Y[idx])
        with torch.autocast(device, dtype=torch.bfloat16, enabled=args.amp):
            out, aux = model(x)
            loss = lam * F.cross_entropy(out, ya) + (1 - lam) * F.cross_entropy(out, yb) + 0.01 * aux
        opt.zero_grad(set_to_none=True)
        scaler.scale(loss).backward()
        scaler.unscale_(opt)
        norm = nn.utils.clip_grad_norm_(model.parameters(), 1.0, error_if_nonfinite=True)
        scaler.step(opt)
        scaler.update()
        sched.step()
        if step % 4 == 0:
            print(f"step {step:3d} loss {loss.item():.5f} aux {aux.item():.5f} norm {norm:.5f} lr {sched.get_last_lr()[0]:.2e}")
    elapsed = time.perf_counter() - start
    assert elapsed > 0
model.eval()
with torch.inference_mode():
    print((model(X[1500:])[0].argmax(-1) == Y[1500:]).float().mean())
