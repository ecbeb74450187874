# BERT as in transformers: dataclass config, masked tokens, warmup, checkpointing; T5's relative positions.
from __future__ import annotations
import math, random
from dataclasses import dataclass, field
from typing import Optional, Tuple, Dict, Any, Union, NamedTuple
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.utils.checkpoint
from torch.nn import BCEWithLogitsLoss, CrossEntropyLoss, MSELoss
from torch.utils.data import Dataset, DataLoader, TensorDataset, RandomSampler, SequentialSampler
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR


@dataclass
class Config:
    vocab_size: int = 60
    hidden_size: int = 24
    num_hidden_layers: int = 2
    num_attention_heads: int = 4
    intermediate_size: int = 48
    hidden_dropout_prob: float = 0.1
    max_position_embeddings: int = 16
    type_vocab_size: int = 2
    layer_norm_eps: float = 1e-12
    pad_token_id: int = 0
    initializer_range: float = 0.02
    dtype: Optional[torch.dtype] = None
    device: torch.device = torch.device('cpu')


class ModelOutput(NamedTuple):
    loss: Optional[torch.Tensor]
    logits: torch.Tensor
    hidden_states: Optional[Tuple[torch.Tensor, ...]] = None


ACT2FN = {
    "gelu": F.gelu,
    "relu": F.relu,
    "gelu_new": lambda x: 0.5 * x * (1.0 + torch.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * torch.pow(x, 3.0)))),
    "tanh": torch.tanh,
}


class BertEmbeddings(nn.Module):
    def __init__(self, config: Config) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(config.vocab_size, config.hidden_size, padding_idx=config.pad_token_id)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, config.hidden_size)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.register_buffer(
            "position_ids", torch.arange(config.max_position_embeddings).expand((1, -1)), persistent=False
        )
        self.register_buffer(
            "token_type_ids", torch.zeros(self.position_ids.size(), dtype=torch.long), persistent=False
        )

    def forward(self, input_ids, token_type_ids=None):
        L = input_ids.size()[1]
        if token_type_ids is None:
            token_type_ids = self.token_type_ids[:, :L].expand(input_ids.shape[0], L)
        e = self.word_embeddings(input_ids) + self.token_type_embeddings(token_type_ids)
        e += self.position_embeddings(self.position_ids[:, :L])
        return self.dropout(self.LayerNorm(e))


class BertSelfAttention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.num_attention_heads = c.num_attention_heads
        self.attention_head_size = int(c.hidden_size / c.num_attention_heads)
        self.all_head_size = self.num_attention_heads * self.attention_head_size
        self.query = nn.Linear(c.hidden_size, self.all_head_size)
        self.key = nn.Linear(c.hidden_size, self.all_head_size)
        self.value = nn.Linear(c.hidden_size, self.all_head_size)
        self.dropout = nn.Dropout(0.1)

    def transpose_for_scores(self, x: torch.Tensor) -> torch.Tensor:
        new_x_shape = x.size()[:-1] + (self.num_attention_heads, self.attention_head_size)
        x = x.view(new_x_shape)
        return x.permute(0, 2, 1, 3)

    def forward(self, hidden_states, attention_mask=None):
        q, k, v = map(
            self.transpose_for_scores, (self.query(hidden_states), self.key(hidden_states), self.value(hidden_states))
        )
        s = torch.matmul(q, k.transpose(-1, -2)) / math.sqrt(self.attention_head_size)
        if attention_mask is not None:
            s = s + attention_mask
        p = self.dropout(nn.functional.softmax(s, dim=-1))
        ctx = torch.matmul(p, v).permute(0, 2, 1, 3).contiguous()
        return ctx.view(ctx.size()[:-2] + (self.all_head_size,)), p


class BertLayer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.attention = BertSelfAttention(c)
        self.out = nn.Linear(c.hidden_size, c.hidden_size)
        self.ln1 = nn.LayerNorm(c.hidden_size, eps=c.layer_norm_eps)
        self.inter = nn.Linear(c.hidden_size, c.intermediate_size)
        self.act = ACT2FN['gelu']
        self.out2 = nn.Linear(c.intermediate_size, c.hidden_size)
        self.ln2 = nn.LayerNorm(c.hidden_size, eps=c.layer_norm_eps)
        self.dropout = nn.Dropout(c.hidden_dropout_prob)

    def feed_forward_chunk(self, a):
        return self.ln2(self.dropout(self.out2(self.act(self.inter(a)))) + a)

    def forward(self, h, mask=None):
        a, p = self.attention(h, mask)
        a = self.ln1(self.dropout(self.out(a)) + h)
        return torch.cat([self.feed_forward_chunk(x) for x in a.chunk(2, dim=1)], dim=1), p


class PreTrained(nn.Module):
    base_model_prefix = "bert"

    def _init_weights(self, module):
        if isinstance(module, nn.Linear):
            module.weight.data.normal_(mean=0.0, std=self.config.initializer_range)
            if module.bias is not None:
                module.bias.data.zero_()
        elif isinstance(module, nn.Embedding):
            module.weight.data.normal_(mean=0.0, std=self.config.initializer_range)
            if module.padding_idx is not None:
                module.weight.data[module.padding_idx].zero_()
        elif isinstance(module, nn.LayerNorm):
            module.bias.data.zero_()
            module.weight.data.fill_(1.0)

    @property
    def dtype(self) -> torch.dtype:
        return next(p.dtype for p in self.parameters())

    def get_extended_attention_mask(self, m):
        m = m[:, None, None, :].to(dtype=self.dtype)
        return (1.0 - m) * torch.finfo(self.dtype).min


class BertForMLM(PreTrained):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.embeddings = BertEmbeddings(config)
        self.layer = nn.ModuleList([BertLayer(config) for _ in range(config.num_hidden_layers)])
        self.pooler = nn.Linear(config.hidden_size, config.hidden_size)
        self.transform = nn.Sequential(
            nn.Linear(config.hidden_size, config.hidden_size), nn.GELU(), nn.LayerNorm(config.hidden_size, eps=1e-12)
        )
        self.decoder = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))
        self.decoder.bias = self.bias
        self.decoder.weight = self.embeddings.word_embeddings.weight
        self.gradient_checkpointing = False
        self.apply(self._init_weights)

    def forward(self, input_ids, attention_mask=None, labels=None):
        ext = self.get_extended_attention_mask(attention_mask)
        h = self.embeddings(input_ids)
        hs = ()
        for l in self.layer:
            hs = hs + (h,)
            if self.gradient_checkpointing and self.training:
                h, _ = torch.utils.checkpoint.checkpoint(l.__call__, h, ext, use_reentrant=False)
            else:
                h, p = l(h, ext)
        scores = self.decoder(self.transform(h))
        loss = None
        if labels is not None:
            loss = CrossEntropyLoss()(scores.view(-1, self.config.vocab_size), labels.view(-1))
        return ModelOutput(loss, scores, hs)


def mask_tokens(inputs, mlm_probability=0.3):
    labels = inputs.clone()
    pm = torch.full(labels.shape, mlm_probability)
    pm.masked_fill_(labels.eq(0) | labels.lt(4), value=0.0)
    mi = torch.bernoulli(pm).bool()
    labels[~mi] = -100
    rep = torch.bernoulli(torch.full(labels.shape, 0.8)).bool() & mi
    inputs[rep] = 3
    rnd = torch.bernoulli(torch.full(labels.shape, 0.5)).bool() & mi & ~rep
    inputs[rnd] = torch.randint(60, labels.shape, dtype=torch.long)[rnd]
    return inputs, labels


def get_linear_schedule_with_warmup(optimizer, num_warmup_steps, num_training_steps, last_epoch=-1):
    def lr_lambda(s: int):
        if s < num_warmup_steps:
            return float(s) / float(max(1, num_warmup_steps))
        return max(0.0, float(num_training_steps - s) / float(max(1, num_training_steps - num_warmup_steps)))

    return LambdaLR(optimizer, lr_lambda, last_epoch)


random.seed(42)
torch.manual_seed(42)
cfg = Config()
print(cfg)
model = BertForMLM(cfg)
print(model, len(model.state_dict()), [k for k in model.state_dict() if 'decoder' in k])
no_decay = ["bias", "LayerNorm.weight"]
groups = [
    {"params": [p for n, p in model.named_parameters() if not any(nd in n for nd in no_decay)], "weight_decay": 0.01},
    {"params": [p for n, p in model.named_parameters() if any(nd in n for nd in no_decay)], "weight_decay": 0.0},
]
opt = AdamW(groups, lr=5e-3, eps=1e-8)
sched = get_linear_schedule_with_warmup(opt, 2, 6)
ids = torch.randint(4, 60, (16, 12))
lens = torch.randint(6, 13, (16,))
mask = (torch.arange(12)[None] < lens[:, None]).long()
ids = ids * mask
ds = TensorDataset(ids, mask)
for gc in (False, True):
    model.gradient_checkpointing = gc
    model.train()
    for step, batch in enumerate(DataLoader(ds, sampler=RandomSampler(ds), batch_size=8)):
        batch = tuple(t.to(cfg.device) for t in batch)
        inp, lab = mask_tokens(batch[0].clone())
        out = model(inp, attention_mask=batch[1], labels=lab)
        out.loss.backward()
        print(
            gc,
            step,
            out.loss.item(),
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0).item(),
            sched.get_last_lr()[0],
            int((lab != -100).sum()),
        )
        opt.step()
        sched.step()
        model.zero_grad()
model.eval()
with torch.no_grad():
    o = model(ids[:2], mask[:2])
print(o.loss, o.logits.softmax(-1).topk(2, -1).indices[0, :4], len(o.hidden_states), o.hidden_states[1][0, 0, :4])


# T5 bucket
def relative_position_bucket(relative_position, bidirectional=True, num_buckets=32, max_distance=128):
    relative_buckets = 0
    if bidirectional:
        num_buckets //= 2
        relative_buckets += (relative_position > 0).to(torch.long) * num_buckets
        relative_position = torch.abs(relative_position)
    else:
        relative_position = -torch.min(relative_position, torch.zeros_like(relative_position))
    max_exact = num_buckets // 2
    is_small = relative_position < max_exact
    if_large = max_exact + (
        torch.log(relative_position.float() / max_exact)
        / math.log(max_distance / max_exact)
        * (num_buckets - max_exact)
    ).to(torch.long)
    if_large = torch.min(if_large, torch.full_like(if_large, num_buckets - 1))
    relative_buckets += torch.where(is_small, relative_position, if_large)
    return relative_buckets


ctx = torch.arange(20, dtype=torch.long)[:, None]
mem = torch.arange(20, dtype=torch.long)[None, :]
b = relative_position_bucket(mem - ctx)
print(b[::5])
print(relative_position_bucket((mem - ctx) * 10, False)[::7])
emb = nn.Embedding(32, 4)
bias = emb(b).permute([2, 0, 1]).unsqueeze(0)
q = torch.randn(2, 4, 20, 6)
print(F.scaled_dot_product_attention(q, q, q, attn_mask=bias)[0, 0, 0], bias.shape)


class T5LayerNorm(nn.Module):
    def __init__(self, d, eps=1e-6):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(d))
        self.variance_epsilon = eps

    def forward(self, h):
        variance = h.to(torch.float32).pow(2).mean(-1, keepdim=True)
        h = h * torch.rsqrt(variance + self.variance_epsilon)
        if self.weight.dtype in [torch.float16, torch.bfloat16]:
            h = h.to(self.weight.dtype)
        return self.weight * h


print(T5LayerNorm(6)(q)[0, 0, 0], nn.RMSNorm(6, eps=1e-6)(q)[0, 0, 0], T5LayerNorm(6).half()(q.half())[0, 0, 0])
