# Language modelling with nn.TransformerEncoder: masks, positional encoding, AdamW, warm-up and cosine, clipping.
import math
from typing import Tuple

import torch
from torch import nn, Tensor
from torch.nn import TransformerEncoder, TransformerEncoderLayer
from torch.optim.lr_scheduler import LambdaLR

torch.manual_seed(0)
text = ("the quick brown fox jumps over the lazy dog and the dog sleeps while the fox runs to the river . "
        "a river runs over the brown stones and the quick dog drinks . ") * 12


class PositionalEncoding(nn.Module):

    def __init__(self, d_model: int, dropout: float = 0.1, max_len: int = 5000):
        super().__init__()
        self.dropout = nn.Dropout(p=dropout)

        position = torch.arange(max_len).unsqueeze(1)
        div_term = torch.exp(torch.arange(0, d_model, 2) * (-math.log(10000.0) / d_model))
        pe = torch.zeros(max_len, 1, d_model)
        pe[:, 0, 0::2] = torch.sin(position * div_term)
        pe[:, 0, 1::2] = torch.cos(position * div_term)
        self.register_buffer('pe', pe)

    def forward(self, x: Tensor) -> Tensor:
        """
        Arguments:
            x: Tensor, shape ``[seq_len, batch_size, embedding_dim]``
        """
        x = x + self.pe[:x.size(0)]
        return self.dropout(x)


class TransformerModel(nn.Module):

    def __init__(self, ntoken: int, d_model: int, nhead: int, d_hid: int, nlayers: int, dropout: float = 0.5):
        super().__init__()
        self.model_type = 'Transformer'
        self.pos_encoder = PositionalEncoding(d_model, dropout, 100)
        encoder_layers = TransformerEncoderLayer(d_model, nhead, d_hid, dropout)
        self.transformer_encoder = TransformerEncoder(encoder_layers, nlayers, enable_nested_tensor=False)
        self.embedding = nn.Embedding(ntoken, d_model)
        self.d_model = d_model
        self.linear = nn.Linear(d_model, ntoken)
        self.init_weights()

    def init_weights(self) -> None:
        initrange = 0.1
        self.embedding.weight.data.uniform_(-initrange, initrange)
        self.linear.bias.data.zero_()
        self.linear.weight.data.uniform_(-initrange, initrange)

    def forward(self, src: Tensor, src_mask: Tensor = None) -> Tensor:
        src = self.embedding(src) * math.sqrt(self.d_model)
        src = self.pos_encoder(src)
        if src_mask is None:
            src_mask = nn.Transformer.generate_square_subsequent_mask(len(src))
        output = self.transformer_encoder(src, src_mask)
        output = self.linear(output)
        return output


words = text.split()
vocab = {w: i for i, w in enumerate(sorted(set(words)))}
data = torch.tensor([vocab[w] for w in words], dtype=torch.long)
device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')


def batchify(data: Tensor, bsz: int) -> Tensor:
    seq_len = data.size(0) // bsz
    data = data[:seq_len * bsz]
    data = data.view(bsz, seq_len).t().contiguous()
    return data.to(device)


bptt = 10
train_data, val_data = batchify(data[:-80], 8), batchify(data[-80:], 4)


def get_batch(source: Tensor, i: int) -> Tuple[Tensor, Tensor]:
    seq_len = min(bptt, len(source) - 1 - i)
    return source[i:i+seq_len], source[i+1:i+1+seq_len].reshape(-1)


ntokens = len(vocab)
model = TransformerModel(ntokens, 16, 2, 32, 2, 0.2).to(device)
print(model)
criterion = nn.CrossEntropyLoss(label_smoothing=0.05)
decay = [p for p in model.parameters() if p.dim() > 1]
no_decay = [p for p in model.parameters() if p.dim() <= 1]
optimizer = torch.optim.AdamW([{'params': decay, 'weight_decay': 0.1}, {'params': no_decay, 'weight_decay': 0.}], lr=1e-2)
warmup, total = 5, 30
scheduler = LambdaLR(optimizer, lambda step: (step + 1) / warmup if step < warmup else
                     0.5 * (1 + math.cos(math.pi * (step - warmup) / (total - warmup))))


def evaluate(eval_data: Tensor) -> float:
    model.eval()  # turn on evaluation mode
    total_loss = 0.
    with torch.no_grad():
        for i in range(0, eval_data.size(0) - 1, bptt):
            data, targets = get_batch(eval_data, i)
            output = model(data)
            total_loss += len(data) * criterion(output.view(-1, ntokens), targets).item()
    return total_loss / (len(eval_data) - 1)


best_val_loss = float('inf')
for epoch in range(1, 4):
    model.train()
    total_loss = 0.
    for batch, i in enumerate(range(0, train_data.size(0) - 1, bptt)):
        data, targets = get_batch(train_data, i)
        output = model(data)
        loss = criterion(output.view(-1, ntokens), targets)

        optimizer.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        optimizer.step()
        scheduler.step()
        total_loss += loss.item()
        print(f'| epoch {epoch:3d} | batch {batch} | lr {scheduler.get_last_lr()[0]:.6f} | loss {loss.item():.5f} '
              f'| norm {norm.item():.5f} | ppl {math.exp(loss.item()):8.3f}')
    val_loss = evaluate(val_data)
    best_val_loss = min(best_val_loss, val_loss)
    print('-' * 60)
    print(f'| end of epoch {epoch:3d} | valid loss {val_loss:5.3f} | valid ppl {math.exp(val_loss):8.3f}')

# padding mask: padded positions change nothing in the others
model.eval()
padded = torch.cat([data[:6, :2], torch.zeros(3, 2, dtype=torch.long)])
key_padding = torch.zeros(2, 9, dtype=torch.bool)
key_padding[:, 6:] = True
with torch.no_grad():
    x = model.pos_encoder(model.embedding(padded) * 4)
    y = model.transformer_encoder(x, src_key_padding_mask=key_padding)
    z = model.transformer_encoder(x[:6])
print(torch.allclose(y[:6], z, atol=1e-5), y[:6].std().item())
