# Denoising diffusion: noise schedules, a U-Net with time embeddings and linear attention, EMA, sampling.
import math, copy
from functools import partial
import torch
from torch import nn
import torch.nn.functional as F
from torch.nn import Module, ModuleList
from torch.amp import autocast


def exists(x):
    return x is not None


def default(val, d):
    if exists(val):
        return val
    return d() if callable(d) else d


class Residual(nn.Module):
    def __init__(self, fn):
        super().__init__()
        self.fn = fn

    def forward(self, x, *args, **kwargs):
        return self.fn(x, *args, **kwargs) + x


def Upsample(dim, dim_out=None):
    return nn.Sequential(
        nn.Upsample(scale_factor=2, mode='nearest'), nn.Conv2d(dim, default(dim_out, dim), 3, padding=1)
    )


class Downsample(nn.Module):
    def __init__(self, dim, dim_out):
        super().__init__()
        self.proj = nn.Conv2d(dim * 4, dim_out, 1)

    def forward(self, x):
        b, c, h, w = x.shape
        x = x.reshape(b, c, h // 2, 2, w // 2, 2).permute(0, 1, 3, 5, 2, 4).reshape(b, c * 4, h // 2, w // 2)
        return self.proj(x)


class RMSNorm(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.scale = dim**0.5
        self.g = nn.Parameter(torch.ones(1, dim, 1, 1))

    def forward(self, x):
        return F.normalize(x, dim=1) * self.g * self.scale


class PreNorm(Module):
    def __init__(self, dim, fn):
        super().__init__()
        self.fn = fn
        self.norm = RMSNorm(dim)

    def forward(self, x):
        return self.fn(self.norm(x))


class SinusoidalPosEmb(nn.Module):
    def __init__(self, dim, theta=10000):
        super().__init__()
        self.dim, self.theta = dim, theta

    def forward(self, x):
        device = x.device
        half_dim = self.dim // 2
        emb = math.log(self.theta) / (half_dim - 1)
        emb = torch.exp(torch.arange(half_dim, device=device) * -emb)
        emb = x[:, None] * emb[None, :]
        return torch.cat((emb.sin(), emb.cos()), dim=-1)


class Block(nn.Module):
    def __init__(self, dim, dim_out, dropout=0.0):
        super().__init__()
        self.proj = nn.Conv2d(dim, dim_out, 3, padding=1)
        self.norm = nn.GroupNorm(4, dim_out)
        self.act = nn.SiLU()
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, scale_shift=None):
        x = self.norm(self.proj(x))
        if exists(scale_shift):
            scale, shift = scale_shift
            x = x * (scale + 1) + shift
        return self.dropout(self.act(x))


class ResnetBlock(nn.Module):
    def __init__(self, dim, dim_out, *, time_emb_dim=None):
        super().__init__()
        self.mlp = nn.Sequential(nn.SiLU(), nn.Linear(time_emb_dim, dim_out * 2)) if exists(time_emb_dim) else None
        self.block1 = Block(dim, dim_out)
        self.block2 = Block(dim_out, dim_out)
        self.res_conv = nn.Conv2d(dim, dim_out, 1) if dim != dim_out else nn.Identity()

    def forward(self, x, time_emb=None):
        scale_shift = None
        if exists(self.mlp) and exists(time_emb):
            time_emb = self.mlp(time_emb)[..., None, None]
            scale_shift = time_emb.chunk(2, dim=1)
        h = self.block2(self.block1(x, scale_shift=scale_shift))
        return h + self.res_conv(x)


class LinearAttention(nn.Module):
    def __init__(self, dim, heads=2, dim_head=8):
        super().__init__()
        self.scale = dim_head**-0.5
        self.heads = heads
        hidden = dim_head * heads
        self.mem_kv = nn.Parameter(torch.randn(2, heads, dim_head, 4))
        self.to_qkv = nn.Conv2d(dim, hidden * 3, 1, bias=False)
        self.to_out = nn.Sequential(nn.Conv2d(hidden, dim, 1), RMSNorm(dim))

    def forward(self, x):
        b, c, h, w = x.shape
        qkv = self.to_qkv(x).chunk(3, dim=1)
        q, k, v = map(lambda t: t.view(b, self.heads, -1, h * w), qkv)
        mk, mv = map(lambda t: t.expand(b, -1, -1, -1), self.mem_kv)
        k, v = map(partial(torch.cat, dim=-1), ((mk, k), (mv, v)))
        q = q.softmax(dim=-2)
        k = k.softmax(dim=-1)
        q = q * self.scale
        context = torch.einsum('b h d n, b h e n -> b h d e', k, v)
        out = torch.einsum('b h d e, b h d n -> b h e n', context, q)
        return self.to_out(out.reshape(b, -1, h, w))


class Unet(nn.Module):
    def __init__(self, dim=8, dim_mults=(1, 2), channels=1):
        super().__init__()
        self.init_conv = nn.Conv2d(channels, dim, 7, padding=3)
        dims = [dim, *map(lambda m: dim * m, dim_mults)]
        in_out = list(zip(dims[:-1], dims[1:]))
        time_dim = dim * 4
        self.time_mlp = nn.Sequential(
            SinusoidalPosEmb(dim), nn.Linear(dim, time_dim), nn.GELU(), nn.Linear(time_dim, time_dim)
        )
        self.downs, self.ups = nn.ModuleList([]), nn.ModuleList([])
        block = partial(ResnetBlock, time_emb_dim=time_dim)
        for ind, (i, o) in enumerate(in_out):
            last = ind >= len(in_out) - 1
            self.downs.append(
                nn.ModuleList(
                    [
                        block(i, i),
                        Residual(PreNorm(i, LinearAttention(i))),
                        Downsample(i, o) if not last else nn.Conv2d(i, o, 3, padding=1),
                    ]
                )
            )
        self.mid = block(dims[-1], dims[-1])
        for ind, (i, o) in enumerate(reversed(in_out)):
            last = ind == len(in_out) - 1
            self.ups.append(
                nn.ModuleList([block(o + i, o), Upsample(o, i) if not last else nn.Conv2d(o, i, 3, padding=1)])
            )
        self.final_res_block = block(dim * 2, dim)
        self.final_conv = nn.Conv2d(dim, channels, 1)

    def forward(self, x, time):
        x = self.init_conv(x)
        r = x.clone()
        t = self.time_mlp(time)
        h = []
        for b1, attn, down in self.downs:
            x = b1(x, t)
            x = attn(x)
            h.append(x)
            x = down(x)
        x = self.mid(x, t)
        for b1, up in self.ups:
            x = torch.cat((x, h.pop()), dim=1)
            x = b1(x, t)
            x = up(x)
        x = torch.cat((x, r), dim=1)
        return self.final_conv(self.final_res_block(x, t))


def extract(a, t, x_shape):
    b, *_ = t.shape
    out = a.gather(-1, t)
    return out.reshape(b, *((1,) * (len(x_shape) - 1)))


def linear_beta_schedule(timesteps):
    scale = 1000 / timesteps
    return torch.linspace(scale * 0.0001, scale * 0.02, timesteps, dtype=torch.float64)


def cosine_beta_schedule(timesteps, s=0.008):
    steps = timesteps + 1
    t = torch.linspace(0, timesteps, steps, dtype=torch.float64) / timesteps
    ac = torch.cos((t + s) / (1 + s) * math.pi * 0.5) ** 2
    ac = ac / ac[0]
    betas = 1 - (ac[1:] / ac[:-1])
    return torch.clip(betas, 0, 0.999)


class GaussianDiffusion(Module):
    def __init__(self, model, *, image_size, timesteps=20, schedule='cosine'):
        super().__init__()
        self.model, self.image_size = model, image_size
        betas = {'linear': linear_beta_schedule, 'cosine': cosine_beta_schedule}[schedule](timesteps)
        alphas = 1.0 - betas
        alphas_cumprod = torch.cumprod(alphas, dim=0)
        alphas_cumprod_prev = F.pad(alphas_cumprod[:-1], (1, 0), value=1.0)
        (self.num_timesteps,) = betas.shape
        register_buffer = lambda name, val: self.register_buffer(name, val.to(torch.float32))
        register_buffer('betas', betas)
        register_buffer('alphas_cumprod', alphas_cumprod)
        register_buffer('alphas_cumprod_prev', alphas_cumprod_prev)
        register_buffer('sqrt_alphas_cumprod', torch.sqrt(alphas_cumprod))
        register_buffer('sqrt_one_minus_alphas_cumprod', torch.sqrt(1.0 - alphas_cumprod))
        register_buffer('sqrt_recip_alphas_cumprod', torch.sqrt(1.0 / alphas_cumprod))
        register_buffer('sqrt_recipm1_alphas_cumprod', torch.sqrt(1.0 / alphas_cumprod - 1))
        posterior_variance = betas * (1.0 - alphas_cumprod_prev) / (1.0 - alphas_cumprod)
        register_buffer('posterior_log_variance_clipped', torch.log(posterior_variance.clamp(min=1e-20)))
        register_buffer('posterior_mean_coef1', betas * torch.sqrt(alphas_cumprod_prev) / (1.0 - alphas_cumprod))
        register_buffer(
            'posterior_mean_coef2', (1.0 - alphas_cumprod_prev) * torch.sqrt(alphas) / (1.0 - alphas_cumprod)
        )
        snr = alphas_cumprod / (1 - alphas_cumprod)
        maybe_clipped_snr = snr.clone()
        maybe_clipped_snr.clamp_(max=5)
        register_buffer('loss_weight', maybe_clipped_snr / snr)

    @property
    def device(self):
        return self.betas.device

    @torch.inference_mode()
    def p_sample(self, x, t: int):
        b, *_, device = *x.shape, self.device
        bt = torch.full((b,), t, device=device, dtype=torch.long)
        noise = self.model(x, bt)
        x0 = (
            extract(self.sqrt_recip_alphas_cumprod, bt, x.shape) * x
            - extract(self.sqrt_recipm1_alphas_cumprod, bt, x.shape) * noise
        ).clamp_(-1.0, 1.0)
        mean = (
            extract(self.posterior_mean_coef1, bt, x.shape) * x0 + extract(self.posterior_mean_coef2, bt, x.shape) * x
        )
        n = torch.randn_like(x) if t > 0 else 0.0
        return mean + (0.5 * extract(self.posterior_log_variance_clipped, bt, x.shape)).exp() * n

    @torch.inference_mode()
    def sample(self, shape):
        img = torch.randn(shape, device=self.device)
        for t in reversed(range(0, self.num_timesteps)):
            img = self.p_sample(img, t)
        return (img + 1) * 0.5

    @autocast('cpu', enabled=False)
    def q_sample(self, x_start, t, noise=None):
        noise = default(noise, lambda: torch.randn_like(x_start))
        return (
            extract(self.sqrt_alphas_cumprod, t, x_start.shape) * x_start
            + extract(self.sqrt_one_minus_alphas_cumprod, t, x_start.shape) * noise
        )

    def forward(self, img):
        b, c, h, w = img.shape
        assert h == self.image_size and w == self.image_size, f'height and width must be {self.image_size}'
        t = torch.randint(0, self.num_timesteps, (b,), device=self.device).long()
        img = img * 2 - 1
        noise = torch.randn_like(img)
        out = self.model(self.q_sample(img, t, noise), t)
        loss = F.mse_loss(out, noise, reduction='none')
        loss = loss.flatten(1).mean(-1)
        loss = loss * extract(self.loss_weight, t, loss.shape)
        return loss.mean()


class EMA:
    def __init__(self, beta):
        self.beta, self.step = beta, 0

    def update_model_average(self, ma_model, current_model):
        for current_params, ma_params in zip(current_model.parameters(), ma_model.parameters()):
            ma_params.data = ma_params.data * self.beta + (1 - self.beta) * current_params.data


torch.manual_seed(0)
for sched in ('linear', 'cosine'):
    d = GaussianDiffusion(Unet(), image_size=8, schedule=sched)
    print(sched, {k: v.abs().sum().item() for k, v in d.named_buffers()})
ema = EMA(0.9)
ema_model = copy.deepcopy(d).eval().requires_grad_(False)
opt = torch.optim.Adam(d.parameters(), lr=8e-5, betas=(0.9, 0.99))
for i in range(5):
    img = torch.rand(4, 1, 8, 8)
    total = 0
    for _ in range(2):
        loss = d(img) / 2
        total += loss.item()
        loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(d.parameters(), 1.0)
    opt.step()
    opt.zero_grad()
    ema.update_model_average(ema_model, d)
    print(i, f'{total:.4f} {norm:.4f}')
s = ema_model.sample((2, 1, 8, 8))
print(s.mean(), s[0, 0, 0], s.is_inference(), sum(p.numel() for p in d.parameters()))
