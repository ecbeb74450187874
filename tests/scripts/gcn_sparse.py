"""Graph networks on sparse matrices: a convolutional one, one with attention, and a recommender on a bipartite graph."""

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim

torch.manual_seed(5)
np.random.seed(5)
NODES, FEATURES, CLASSES = 40, 12, 3


def random_graph():
    labels = np.random.randint(0, CLASSES, NODES)
    pairs = [(a, b) for a in range(NODES) for b in range(a) if np.random.rand() < (0.3 if labels[a] == labels[b] else 0.03)]
    edges = np.array(pairs).T
    both = np.concatenate([edges, edges[::-1], np.tile(np.arange(NODES), (2, 1))], axis=1)
    adjacency = torch.sparse_coo_tensor(torch.from_numpy(both), torch.ones(both.shape[1]), (NODES, NODES)).coalesce()
    features = torch.randn(NODES, FEATURES) + torch.from_numpy(np.eye(FEATURES)[labels] * 2).float()
    return adjacency, features, torch.from_numpy(labels)


def normalized(adjacency):
    degree = torch.sparse.sum(adjacency, dim=1).to_dense()
    scale = torch.diag(degree.pow(-0.5)).to_sparse()
    return torch.sparse.mm(torch.sparse.mm(scale, adjacency), scale).coalesce()


class GraphConvolution(nn.Module):
    def __init__(self, inner, outer):
        super().__init__()
        self.weight = nn.Parameter(torch.FloatTensor(inner, outer))
        self.bias = nn.Parameter(torch.zeros(outer))
        nn.init.xavier_uniform_(self.weight)

    def forward(self, x, adjacency):
        return torch.spmm(adjacency, torch.mm(x, self.weight)) + self.bias


class GCN(nn.Module):
    def __init__(self, adjacency):
        super().__init__()
        self.register_buffer("adjacency", adjacency)
        self.first, self.second = GraphConvolution(FEATURES, 8), GraphConvolution(8, CLASSES)

    def forward(self, x):
        x = F.dropout(F.relu(self.first(x, self.adjacency)), 0.3, training=self.training)
        return F.log_softmax(self.second(x, self.adjacency), dim=1)


class EdgeProduct(torch.autograd.Function):
    """A sparse matrix, given by its entries, times a dense one, with a gradient for the entries only."""

    @staticmethod
    def forward(ctx, indices, values, size, dense):
        matrix = torch.sparse_coo_tensor(indices, values, size)
        ctx.save_for_backward(indices, values, dense)
        ctx.size = size
        return torch.matmul(matrix, dense)

    @staticmethod
    def backward(ctx, grad):
        indices, values, dense = ctx.saved_tensors
        whole = grad.matmul(dense.t())
        matrix = torch.sparse_coo_tensor(indices, values, ctx.size)
        return None, whole.view(-1)[indices[0] * ctx.size[1] + indices[1]], None, matrix.t().matmul(grad)


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.project = nn.Linear(FEATURES, CLASSES, bias=False)
        self.score = nn.Parameter(torch.randn(1, 2 * CLASSES))

    def forward(self, x, indices):
        h = self.project(x)
        ends = torch.cat((h[indices[0]], h[indices[1]]), dim=1).t()
        weight = torch.exp(-F.leaky_relu(self.score.mm(ends).squeeze(0), 0.2))
        size = torch.Size([NODES, NODES])
        total = EdgeProduct.apply(indices, weight, size, torch.ones(NODES, 1))
        return F.log_softmax(EdgeProduct.apply(indices, weight, size, h) / total, dim=1)


adjacency, features, labels = random_graph()
laplacian = normalized(adjacency)
print("nodes", adjacency.shape[0], "entries", adjacency._nnz(), laplacian.is_sparse, laplacian.layout, laplacian.size())
print(laplacian.indices()[:, :5], laplacian.values()[:5])

model = GCN(laplacian)
optimizer = optim.Adam(model.parameters(), lr=0.05, weight_decay=5e-4)
for epoch in range(15):
    model.train()
    optimizer.zero_grad()
    loss = F.nll_loss(model(features)[:30], labels[:30])
    loss.backward()
    optimizer.step()
    if epoch % 5 == 4:
        model.eval()
        right = (model(features).argmax(1) == labels).float()
        print(f"gcn epoch {epoch} loss {loss.item():.4f} train {right[:30].mean():.3f} test {right[30:].mean():.3f}")

attention = Attention()
optimizer = optim.SGD(attention.parameters(), lr=0.1)
for epoch in range(10):
    optimizer.zero_grad()
    loss = F.nll_loss(attention(features, adjacency.indices()), labels)
    loss.backward()
    optimizer.step()
    if epoch % 3 == 0:
        print(f"attention epoch {epoch} loss {loss.item():.4f} grad {attention.score.grad.norm():.4f}")

# users and items: embeddings that are averaged over the graph between them, trained on pairs
users, items = 10, 14
likes = (torch.rand(users, items) < 0.3).nonzero().t()
there = torch.stack([likes[0], likes[1] + users])
graph = torch.sparse.FloatTensor(torch.cat([there, there.flip(0)], 1), torch.ones(2 * likes.shape[1]), torch.Size([24, 24]))
graph = normalized(graph.coalesce() + torch.eye(users + items).to_sparse() * 1e-3)
table = nn.Embedding(users + items, 6)
nn.init.normal_(table.weight, std=0.1)
optimizer = optim.Adam(table.parameters(), lr=0.02)
for step in range(8):
    layers = [table.weight]
    for _ in range(2):
        layers.append(torch.sparse.mm(graph, layers[-1]))
    mean = torch.stack(layers, dim=1).mean(dim=1)
    user, item = torch.split(mean, [users, items])
    other = torch.randint(0, items, (likes.shape[1],))
    u = user[likes[0]]
    loss = F.softplus((u * item[other]).sum(1) - (u * item[likes[1]]).sum(1)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(f"recommender step {step} loss {loss.item():.6f}")
