# Reading digits off an image strip: a convolutional recurrent network, CTC, decoding, packed sequences.
import string
import numpy as np
import torch
from torch import nn, optim, Tensor
from torch.nn.utils.rnn import pad_sequence, pack_padded_sequence, pad_packed_sequence
from torch.utils.data import *


class BidirectionalLSTM(nn.Module):
    def __init__(self, nIn, nHidden, nOut):
        super(BidirectionalLSTM, self).__init__()
        self.rnn = nn.LSTM(nIn, nHidden, bidirectional=True)
        self.embedding = nn.Linear(nHidden * 2, nOut)

    def forward(self, input):
        recurrent, _ = self.rnn(input)
        T, b, h = recurrent.size()
        t_rec = recurrent.view(T * b, h)
        output = self.embedding(t_rec)
        return output.view(T, b, -1)


class CRNN(nn.Module):
    def __init__(self, imgH, nc, nclass, nh, leakyRelu=False):
        super(CRNN, self).__init__()
        cnn = nn.Sequential()
        ks, ps, ss, nm = [3, 3, 3, 2], [1, 1, 1, 0], [1, 1, 1, 1], [8, 16, 16, 24]

        def convRelu(i, batchNormalization=False):
            nIn = nc if i == 0 else nm[i - 1]
            cnn.add_module('conv{0}'.format(i), nn.Conv2d(nIn, nm[i], ks[i], ss[i], ps[i]))
            if batchNormalization:
                cnn.add_module('batchnorm{0}'.format(i), nn.BatchNorm2d(nm[i]))
            cnn.add_module('relu{0}'.format(i), nn.LeakyReLU(0.2, inplace=True) if leakyRelu else nn.ReLU(True))

        convRelu(0)
        cnn.add_module('pooling{0}'.format(0), nn.MaxPool2d(2, 2))
        convRelu(1)
        cnn.add_module('pooling{0}'.format(1), nn.MaxPool2d(2, 2))
        convRelu(2, True)
        cnn.add_module('pooling{0}'.format(2), nn.MaxPool2d((2, 2), (2, 1), (0, 1)))
        convRelu(3, True)
        self.cnn = cnn
        self.rnn = nn.Sequential(BidirectionalLSTM(nm[3], nh, nh), BidirectionalLSTM(nh, nh, nclass))

    def forward(self, input):
        conv = self.cnn(input)
        b, c, h, w = conv.size()
        assert h == 1, "the height of conv must be 1"
        conv = conv.squeeze(2)
        conv = conv.permute(2, 0, 1)
        return self.rnn(conv)


class strLabelConverter(object):
    def __init__(self, alphabet):
        self.alphabet = alphabet + '-'
        self.dict = {c: i + 1 for i, c in enumerate(alphabet)}

    def encode(self, text):
        if isinstance(text, str):
            text = [self.dict[c.lower()] for c in text]
            length = [len(text)]
        else:
            length = [len(s) for s in text]
            text, _ = self.encode(''.join(text))
        return (torch.IntTensor(text), torch.IntTensor(length))

    def decode(self, t, length, raw=False):
        if length.numel() == 1:
            length = length[0]
            assert t.numel() == length
            if raw:
                return ''.join([self.alphabet[i - 1] for i in t])
            char_list = []
            for i in range(length):
                if t[i] != 0 and (not (i > 0 and t[i - 1] == t[i])):
                    char_list.append(self.alphabet[t[i] - 1])
            return ''.join(char_list)
        texts, index = [], 0
        for i in range(length.numel()):
            l = length[i]
            texts.append(self.decode(t[index : index + l], torch.IntTensor([l]), raw=raw))
            index += l
        return texts


class Synth(Dataset):
    def __init__(self, n):
        rng = np.random.default_rng(0)
        self.glyphs = rng.random((10, 16, 8)).astype(np.float32)
        self.items = [''.join(rng.choice(list(string.digits), size=rng.integers(3, 6))) for _ in range(n)]

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        s = self.items[i]
        img = np.concatenate([self.glyphs[int(c)] for c in s] + [np.zeros((16, 8 * (5 - len(s))), np.float32)], 1)
        return torch.from_numpy(img)[None], s


def collate(batch):
    imgs, texts = zip(*batch)
    return torch.stack(imgs), texts


def weights_init(m):
    classname = m.__class__.__name__
    if classname.find('Conv') != -1:
        m.weight.data.normal_(0.0, 0.02)
    elif classname.find('BatchNorm') != -1:
        m.weight.data.normal_(1.0, 0.02)
        m.bias.data.fill_(0)


torch.manual_seed(7)
conv = strLabelConverter(string.digits)
loader = DataLoader(Synth(24), batch_size=8, sampler=RandomSampler(range(24)), collate_fn=collate, drop_last=True)
crnn = CRNN(16, 1, 11, 16)
crnn.apply(weights_init)
print(crnn)
for zi in (False, True):
    criterion = nn.CTCLoss(zero_infinity=zi, reduction='sum' if zi else 'mean')
    optimizer = optim.SGD(crnn.parameters(), lr=1e-3, momentum=0.9)
    for i, (img, texts) in enumerate(loader):
        t, l = conv.encode(texts)
        preds = crnn(img)
        preds_size = torch.IntTensor([preds.size(0)] * img.size(0))
        cost = criterion(preds.log_softmax(2), t, preds_size, l) / img.size(0)
        crnn.zero_grad()
        cost.backward()
        optimizer.step()
        print(i, cost.item(), texts[:3], preds.shape)
crnn.eval()
with torch.no_grad():
    preds = crnn(img)
_, p = preds.max(2)
p = p.transpose(1, 0).contiguous().view(-1)
ps = torch.IntTensor([preds.size(0)] * img.size(0))
print(conv.decode(p.data, ps.data, raw=True)[:2], conv.decode(p.data, ps.data)[:2])
# greedy + beam-like prefix decode
logp = preds[:, 0].log_softmax(-1)
beams = [((), 0.0)]
for t in range(4):
    new = []
    for pre, s in beams:
        top = logp[t].topk(3)
        for v, ix in zip(top.values.tolist(), top.indices.tolist()):
            new.append((pre + (ix,), s + v))
    beams = sorted(new, key=lambda z: -z[1])[:3]
print([(b, round(s, 3)) for b, s in beams])
seqs = [torch.arange(n, dtype=torch.float).unsqueeze(1) for n in (5, 2, 7)]
packed = pack_padded_sequence(pad_sequence(seqs), [5, 2, 7], enforce_sorted=False)
print(packed.batch_sizes, packed.data.view(-1), packed.sorted_indices, packed.unsorted_indices)
gru = nn.GRU(1, 3, bidirectional=True, num_layers=2)
o, h = gru(packed)
o, lens = pad_packed_sequence(o, batch_first=True, total_length=8)
print(o.shape, lens, h[:, 1], o[1])
