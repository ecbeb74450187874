'''
  Skip-gram with negative sampling, and an n-gram model; older style of embedding code
'''
import collections

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.autograd import Variable

dtype = torch.FloatTensor
torch.manual_seed(1)
np.random.seed(1)
text = """we are about to study the idea of a computational process . computational processes are abstract beings that
inhabit computers . as they evolve , processes manipulate other abstract things called data . the evolution of a process
is directed by a pattern of rules called a program . people create programs to direct processes . in effect , we conjure
the spirits of the computer with our spells .""".split()
counts = collections.Counter(text)
vocab = [w for w, _ in counts.most_common()]
word_to_ix = {word: i for i, word in enumerate(vocab)}
window, K, dim = 2, 4, 12

pairs = [(word_to_ix[text[i]], word_to_ix[text[j]]) for i in range(len(text))
         for j in range(max(0, i - window), min(len(text), i + window + 1)) if i != j]
frequency = np.array([counts[w] for w in vocab], dtype=np.float32) ** 0.75
sampling = torch.from_numpy(frequency / frequency.sum())


class SkipGramNegSampling(nn.Module):
    def __init__(self, vocab_size, emb_dim):
        super(SkipGramNegSampling, self).__init__()
        self.u_embeddings = nn.Embedding(vocab_size, emb_dim, sparse=False)
        self.v_embeddings = nn.Embedding(vocab_size, emb_dim, max_norm=2.0)
        initrange = 0.5 / emb_dim
        self.u_embeddings.weight.data.uniform_(-initrange, initrange)
        self.v_embeddings.weight.data.uniform_(-0, 0)

    def forward(self, u_pos, v_pos, v_neg):
        embed_u = self.u_embeddings(u_pos)
        embed_v = self.v_embeddings(v_pos)
        score = torch.mul(embed_u, embed_v)
        score = torch.sum(score, dim=1)
        log_target = F.logsigmoid(score).squeeze()
        neg_embed_v = self.v_embeddings(v_neg)
        neg_score = torch.bmm(neg_embed_v, embed_u.unsqueeze(2)).squeeze()
        neg_score = torch.sum(neg_score, dim=1)
        sum_log_sampled = F.logsigmoid(-1 * neg_score).squeeze()
        loss = log_target + sum_log_sampled
        return -1 * loss.sum() / u_pos.size()[0]


model = SkipGramNegSampling(len(vocab), dim)
optimizer = optim.SGD(model.parameters(), lr=0.3)
for epoch in range(4):
    order = np.random.permutation(len(pairs))
    total = torch.zeros(1)
    for start in range(0, len(order), 32):
        batch = np.asarray(pairs)[order[start:start + 32]]
        u, v = Variable(torch.LongTensor(batch[:, 0])), Variable(torch.LongTensor(batch[:, 1]))
        negative = torch.multinomial(sampling, len(batch) * K, replacement=True).view(len(batch), K)
        optimizer.zero_grad()
        loss = model(u, v, negative)
        loss.backward()
        optimizer.step()
        total += loss.data
    print('epoch', epoch, 'loss', total[0].item())

weights = F.normalize(model.u_embeddings.weight.data, dim=1)
for word in ('process', 'the', 'programs'):
    similarity = weights.mv(weights[word_to_ix[word]])
    values, indices = similarity.sort(descending=True)
    print(word, [vocab[i] for i in indices[1:4]], values[1:4].numpy().round(4))


class NGramLanguageModeler(nn.Module):
    def __init__(self, vocab_size, embedding_dim, context_size):
        super(NGramLanguageModeler, self).__init__()
        self.embeddings = nn.Embedding(vocab_size, embedding_dim)
        self.linear1 = nn.Linear(context_size * embedding_dim, 32)
        self.linear2 = nn.Linear(32, vocab_size)

    def forward(self, inputs):
        embeds = self.embeddings(inputs).view((1, -1))
        out = F.relu(self.linear1(embeds))
        out = self.linear2(out)
        return F.log_softmax(out, dim=1)


losses = []
loss_function = nn.NLLLoss()
model = NGramLanguageModeler(len(vocab), 10, 2)
optimizer = optim.SGD(model.parameters(), lr=0.01)
for epoch in range(5):
    total_loss = 0
    for a, b, c in zip(text, text[1:], text[2:]):
        context_idxs = torch.tensor([word_to_ix[a], word_to_ix[b]], dtype=torch.long)
        model.zero_grad()
        log_probs = model(context_idxs)
        loss = loss_function(log_probs, torch.tensor([word_to_ix[c]], dtype=torch.long))
        loss.backward()
        optimizer.step()
        total_loss += loss.item()
    losses.append(total_loss)
print(losses)
print(model.embeddings.weight[word_to_ix["process"]])

bag = nn.EmbeddingBag(len(vocab), 3, mode='mean')
print(bag(torch.tensor([1, 2, 4, 5, 4, 3]), torch.tensor([0, 4])).data)
one_hot = F.one_hot(torch.arange(0, 5) % 3, num_classes=3)
print(one_hot, one_hot.type(dtype).sum(0))
