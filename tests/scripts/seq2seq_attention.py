# Sequence to sequence with attention: numbers in words to digits; packed sequences, teacher forcing, ignore_index.
import random

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import optim
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence
from torch.utils.data import DataLoader

PAD, SOS, EOS = 0, 1, 2
ones = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
tens = "twenty thirty forty fifty sixty seventy eighty ninety".split()
MAX_LENGTH = 8


def words(n):
    if n < 20:
        return [ones[n]]
    if n < 100:
        return [tens[n // 10 - 2]] + ([ones[n % 10]] if n % 10 else [])
    return [ones[n // 100], "hundred"] + (["and"] + words(n % 100) if n % 100 else [])


source_vocab = {w: i + 3 for i, w in enumerate(ones + tens + ["hundred", "and"])}
target_vocab = {c: i + 3 for i, c in enumerate("0123456789")}


def encode(n):
    return (torch.tensor([source_vocab[w] for w in words(n)] + [EOS]), torch.tensor([target_vocab[c] for c in str(n)] + [EOS]))


def collate(batch):
    batch.sort(key=lambda pair: -len(pair[0]))
    sources, targets = zip(*batch)
    lengths = torch.tensor([len(s) for s in sources])
    return pad_sequence(sources, padding_value=PAD), lengths, pad_sequence(targets, batch_first=True, padding_value=PAD)


class EncoderRNN(nn.Module):
    def __init__(self, input_size, hidden_size, dropout_p=0.1):
        super().__init__()
        self.hidden_size = hidden_size
        self.embedding = nn.Embedding(input_size, hidden_size, padding_idx=PAD)
        self.gru = nn.GRU(hidden_size, hidden_size, bidirectional=True)
        self.dropout = nn.Dropout(dropout_p)

    def forward(self, input, lengths):
        embedded = self.dropout(self.embedding(input))
        packed = pack_padded_sequence(embedded, lengths)
        outputs, hidden = self.gru(packed)
        outputs, _ = pad_packed_sequence(outputs)
        outputs = outputs[:, :, :self.hidden_size] + outputs[:, :, self.hidden_size:]  # Sum bidirectional outputs
        return outputs.transpose(0, 1), hidden[:1] + hidden[1:]


class BahdanauAttention(nn.Module):
    def __init__(self, hidden_size):
        super(BahdanauAttention, self).__init__()
        self.Wa = nn.Linear(hidden_size, hidden_size)
        self.Ua = nn.Linear(hidden_size, hidden_size)
        self.Va = nn.Linear(hidden_size, 1)

    def forward(self, query, keys, mask):
        scores = self.Va(torch.tanh(self.Wa(query) + self.Ua(keys)))
        scores = scores.squeeze(2).unsqueeze(1)
        scores.masked_fill_(mask, -1e9)
        weights = F.softmax(scores, dim=-1)
        return torch.bmm(weights, keys), weights


class AttnDecoderRNN(nn.Module):
    def __init__(self, hidden_size, output_size):
        super(AttnDecoderRNN, self).__init__()
        self.embedding = nn.Embedding(output_size, hidden_size)
        self.attention = BahdanauAttention(hidden_size)
        self.gru = nn.GRU(2 * hidden_size, hidden_size, batch_first=True)
        self.out = nn.Linear(hidden_size, output_size)

    def forward(self, encoder_outputs, encoder_hidden, mask, target_tensor=None, steps=5):
        batch_size = encoder_outputs.size(0)
        decoder_input = torch.empty(batch_size, 1, dtype=torch.long).fill_(SOS)
        decoder_hidden = encoder_hidden
        decoder_outputs, attentions = [], []
        for i in range(steps if target_tensor is None else target_tensor.size(1)):
            query = decoder_hidden.permute(1, 0, 2)
            context, attn_weights = self.attention(query, encoder_outputs, mask)
            input_gru = torch.cat((self.embedding(decoder_input), context), dim=2)
            output, decoder_hidden = self.gru(input_gru, decoder_hidden)
            output = self.out(output)
            decoder_outputs.append(output)
            attentions.append(attn_weights)
            if target_tensor is not None:
                decoder_input = target_tensor[:, i].unsqueeze(1)  # Teacher forcing
            else:
                _, topi = output.topk(1)
                decoder_input = topi.squeeze(-1).detach()  # detach from history as input
        return F.log_softmax(torch.cat(decoder_outputs, dim=1), dim=-1), torch.cat(attentions, dim=1)


random.seed(3)
torch.manual_seed(3)
pairs = [encode(random.randrange(1000)) for _ in range(160)]
loader = DataLoader(pairs, batch_size=32, shuffle=True, collate_fn=collate)
encoder = EncoderRNN(len(source_vocab) + 3, 16)
decoder = AttnDecoderRNN(16, len(target_vocab) + 3)
encoder_optimizer = optim.Adam(encoder.parameters(), lr=0.01)
decoder_optimizer = optim.Adam(decoder.parameters(), lr=0.01)
criterion = nn.NLLLoss(ignore_index=PAD)
for epoch in range(1, 6):
    total_loss = 0
    for source, lengths, target in loader:
        encoder_optimizer.zero_grad()
        decoder_optimizer.zero_grad()
        encoder_outputs, encoder_hidden = encoder(source, lengths)
        mask = (source == PAD).t().unsqueeze(1)
        teacher = target if random.random() < 0.7 else None
        outputs, _ = decoder(encoder_outputs, encoder_hidden, mask, teacher, target.size(1))
        loss = criterion(outputs.view(-1, outputs.size(-1)), target.view(-1))
        loss.backward()
        _ = nn.utils.clip_grad_norm_(encoder.parameters(), 1.0), nn.utils.clip_grad_value_(decoder.parameters(), 1.0)
        encoder_optimizer.step()
        decoder_optimizer.step()
        total_loss += loss.item()
    print('%d (%d%%) %.5f' % (epoch, epoch / 5 * 100, total_loss / len(loader)))

encoder.eval()
decoder.eval()
symbols = {i: c for c, i in target_vocab.items()}
with torch.no_grad():
    for n in (7, 42, 365, 981):
        source, lengths, _ = collate([encode(n)])
        outputs, attention = decoder(*encoder(source, lengths), (source == PAD).t().unsqueeze(1))
        ids = outputs.argmax(-1).squeeze(0).tolist()
        print(n, '->', ''.join(symbols.get(i, '') for i in ids[:ids.index(EOS) if EOS in ids else None]))
        print(attention[0, 0])
