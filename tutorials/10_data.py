# %% [markdown]
# # Data
#
# A training loop asks for one thing, over and over: the next batch. Behind that stand a dataset (what is sample 7?), a
# sampler (which sample comes next?), a collate function (how do samples become one tensor?) and sometimes workers
# (which process does it?). This chapter builds a loader, finds the engine's, and shows mistakes that raise no error.

# %%

import numpy as np

import minitorch as mt
from minitorch import viz
from minitorch.learn.sources import show
from minitorch.utils.data import (
    DataLoader,
    Dataset,
    IterableDataset,
    Subset,
    TensorDataset,
    WeightedRandomSampler,
    fetch,
    get_worker_info,
    iterators,
    random_split,
    worker,
)

# %% [markdown]
# ## Motivation
#
# Four clouds of points, four classes, a small net, one epoch. The files on a disk are often sorted by class.
# Does the order matter? We train twice, on the same points: sorted, and shuffled.

# %%
rng = np.random.default_rng(0)
labels = np.repeat(np.arange(4), 100)
centers = np.array([[2.0, 0.0], [0.0, 2.0], [-2.0, 0.0], [0.0, -2.0]])
points = mt.from_numpy(centers[labels] + 0.7 * rng.normal(size=(400, 2))).float()
data = TensorDataset(points, mt.from_numpy(labels))


def train(shuffle):
    mt.manual_seed(0)
    model = mt.nn.Sequential(mt.nn.Linear(2, 32), mt.nn.ReLU(), mt.nn.Linear(32, 4))
    optimizer = mt.optim.SGD(model.parameters(), lr=0.5)
    for x, y in DataLoader(data, batch_size=10, shuffle=shuffle):
        optimizer.zero_grad()
        mt.nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    with mt.no_grad():
        hits = model(points).argmax(1) == mt.from_numpy(labels)
    return hits[:100].float().mean().item(), hits.float().mean().item()


in_order, shuffled = train(False), train(True)
print("share that is right (class 0, all): sorted", in_order, " shuffled", shuffled)
assert shuffled[1] > 0.95 and in_order[1] < 0.5 and in_order[0] < 0.1

# %% [markdown]
# Sorted data teach one class at a time, and each overwrites what was learned before: class 0 is forgotten. No error is
# raised. So the order belongs to the method, and something has to make it: a *sampler*.
#
# ## Predict
#
# A dataset has 10 samples; sample $i$ is the tuple `(float(i), i, "name")`. The batch size is 4.
#
# 1. How many batches come in an epoch, and how long is the last one? How many with `drop_last=True`?
# 2. A batch has three parts. What are the dtypes of the first two, and what becomes of the names?


# %%
class Ten(Dataset):
    def __len__(self):
        return 10

    def __getitem__(self, i):
        return float(i), i, "name"


batches = list(DataLoader(Ten(), batch_size=4))
assert len(batches) == 3 and [len(b[0]) for b in batches] == [4, 4, 2]
assert len(list(DataLoader(Ten(), batch_size=4, drop_last=True))) == 2
floats, ints, names = batches[0]
print(floats, ints, names)
assert floats.dtype is mt.float64 and ints.dtype is mt.int64  # Python's floats have double precision
assert list(names) == ["name"] * 4  # no tensor holds text
assert isinstance(batches[0], list)  # the samples are tuples, and the batch is a list: torch does the same

# %% [markdown]
# ## Build
#
# A loader in a dozen lines. An order, cut into pieces; for each piece the samples; the samples turned over, so that a
# list of pairs becomes a pair of columns; each column a tensor.


# %%
def naive_collate(samples):
    if isinstance(samples[0], tuple):
        return [naive_collate(list(column)) for column in zip(*samples, strict=True)]
    return mt.stack(samples)


def naive_loader(dataset, batch_size, generator):
    mt.empty((), dtype=mt.int64).random_(generator=generator)  # see below: the engine draws one number first
    order = mt.randperm(len(dataset), generator=generator).tolist()
    for start in range(0, len(order), batch_size):
        yield naive_collate([dataset[i] for i in order[start : start + batch_size]])
    mt.randperm(len(dataset), generator=generator)  # as does this: torch draws an order for "the rest", here empty


# %% [markdown]
# ## Check
#
# A *generator* is a source of random numbers with a state of its own. The same seed must give the same batches. (And it
# gives torch's, for the generator is the same.) Three epochs, from one generator: each has another order, and every
# sample comes once in each. Two workers do not change the order.

# %%
ours, theirs = mt.Generator().manual_seed(7), mt.Generator().manual_seed(7)
loader = DataLoader(data, batch_size=32, shuffle=True, generator=theirs)
orders = []
for _ in range(3):
    pairs = list(zip(naive_loader(data, 32, ours), loader, strict=True))
    assert all(mt.equal(a, b) for one, two in pairs for a, b in zip(one, two, strict=True))
    epoch = mt.cat([x for _, (x, _) in pairs])
    assert sorted(epoch.tolist()) == sorted(points.tolist())
    orders.append(epoch)
assert not mt.equal(orders[0], orders[1])
forked = {"num_workers": 2, "multiprocessing_context": "fork", "generator": mt.Generator().manual_seed(7)}
assert mt.equal(mt.cat([x for x, _ in DataLoader(data, batch_size=32, shuffle=True, **forked)]), orders[0])
print("three epochs agree, batch by batch")

# %% [markdown]
# ## Dissect
#
# Where is that first number drawn, and why? It is the seed that workers would get. It is drawn even without workers, so
# that adding workers does not change the order of the samples.


# %%
show(iterators.BaseIterator.__init__, "iter(self._sampler)", "draw_seed(loader.generator)")
show(mt.utils.data.RandomSampler.__iter__, 'FUNCTIONS["randperm"](n')
show(fetch.MapFetcher.fetch, "self.collate_fn([dataset[i] for i in index])", "gather(dataset, index)")
show(fetch.gather, "take(indices, axis=0)")
show(worker._seed, "manual_seed(job.base_seed + job.id)", "np.random.seed(")

# %% [markdown]
# | ours | the engine's |
# | --- | --- |
# | `mt.randperm(...)` | `RandomSampler.__iter__` |
# | the slices of the order | `BatchSampler` |
# | `[dataset[i] for i in ...]` | `MapFetcher.fetch` |
# | `naive_collate` | `default_collate`, which also knows numbers, arrays, dictionaries and text |
# | - | `gather`: a `TensorDataset` is cut by one `take`, without making single samples |
#
# Other samplers change the order only. With 390 samples of class 0 and 10 of class 1, weigh each sample by one over
# the size of its class. And `random_split` cuts a dataset in parts that share no sample.

# %%
rare = np.repeat([0, 1], [390, 10])
sampler = WeightedRandomSampler(1 / np.bincount(rare)[rare], 4000, generator=mt.Generator().manual_seed(0))
share = rare[list(sampler)].mean()
print("share of the rare class: in the data", rare.mean(), " drawn", share)
assert 0.45 < share < 0.55

training, validation = random_split(data, [0.8, 0.2], generator=mt.Generator().manual_seed(0))
assert isinstance(training, Subset) and (len(training), len(validation)) == (320, 80)
assert not set(training.indices) & set(validation.indices)

# %% [markdown]
# ### Augmentation
#
# A mirrored cat is a cat. Changing samples at random, without changing what the label says, gives new training data for
# nothing. Two rules: the change is drawn anew each time a sample is asked for, and labels that say *where* move along.
# Here a picture is mirrored, and with it the box $(x_1, y_1, x_2, y_2)$ around its object.


# %%
class Mirrored(Dataset):
    def __len__(self):
        return 1

    def __getitem__(self, i):
        picture = mt.zeros(8, 10)
        picture[2:5, 1:4] = 1.0
        box = mt.tensor([1, 2, 4, 5])
        if mt.rand(()).item() < 0.5:
            picture = picture.flip(1)
            box = mt.stack([10 - box[2], box[1], 10 - box[0], box[3]])
        return picture, box


mt.manual_seed(0)
seen = [Mirrored()[0] for _ in range(20)]
for picture, (x1, y1, x2, y2) in seen:
    assert picture[y1:y2, x1:x2].sum().item() == picture.sum().item() == 9  # the box holds the whole object
assert {tuple(box.tolist()) for _, box in seen} == {(1, 2, 4, 5), (6, 2, 9, 5)}
viz.grid(mt.stack([picture for picture, _ in seen[:8]]), nrow=4)

# %% [markdown]
# ## Predict: two boxes
#
# How well do two boxes agree? *Intersection over union*, IoU: the area that both cover, divided by the area that at
# least one covers. Take $(0, 0, 4, 4)$ and $(2, 0, 6, 4)$: each has area 16, and they share 8. What is the IoU?
#
# Detectors report the same object many times. *Non-maximum suppression*, NMS, keeps the best box, drops all that
# overlap it by more than a threshold, and goes on with the rest.


# %%
def iou(a, b):
    """Boxes (N, 4) and (M, 4) -> (N, M)."""
    low = mt.maximum(a[:, None, :2], b[None, :, :2])
    high = mt.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = (high - low).clamp(min=0).prod(-1)  # without clamp, two negative sides make a positive area
    area_a, area_b = (a[:, 2:] - a[:, :2]).prod(-1), (b[:, 2:] - b[:, :2]).prod(-1)
    return shared / (area_a[:, None] + area_b - shared)


def nms(boxes, scores, threshold):
    order, keep = scores.argsort(descending=True), []
    while len(order):
        keep.append(order[0].item())
        rest = order[1:]
        order = rest[iou(boxes[order[:1]], boxes[rest])[0] <= threshold]
    return keep


two = mt.tensor([[0.0, 0.0, 4.0, 4.0], [2.0, 0.0, 6.0, 4.0]])
print("IoU:", iou(two, two)[0, 1].item())
assert abs(iou(two, two)[0, 1].item() - 8 / 24) < 1e-6 and iou(two, two)[0, 0].item() == 1

corners = rng.integers(0, 12, size=(30, 2))
boxes = np.concatenate([corners, corners + rng.integers(1, 9, size=(30, 2))], 1)
masks = np.zeros((30, 20, 20), bool)
for mask, (x1, y1, x2, y2) in zip(masks, boxes, strict=True):
    mask[y1:y2, x1:x2] = True
counted = (masks[:, None] & masks).sum((2, 3)) / (masks[:, None] | masks).sum((2, 3))
boxes = mt.from_numpy(boxes).double()
assert np.allclose(iou(boxes, boxes).numpy(), counted)  # counted, pixel by pixel
scores = mt.from_numpy(rng.uniform(size=30))
kept = nms(boxes, scores, 0.3)
overlap = counted[np.ix_(kept, kept)] - np.eye(len(kept))
assert (overlap <= 0.3).all()  # those kept are far apart
dropped = [i for i in range(30) if i not in kept]
for i in dropped:  # and each that was dropped overlaps a better one
    assert any(counted[i, k] > 0.3 and scores[k] > scores[i] for k in kept)
print(f"NMS keeps {len(kept)} of 30")

# %% [markdown]
# ## Break it
#
# **A stream, twice.** An `IterableDataset` has no indices, so the loader cannot deal samples out: each of two workers
# gets a copy of the whole stream. The remedy: each asks who it is (`get_worker_info`), and takes its share.
# (Workers are started here by `fork`, which Linux and macOS have. With any other way, the script is imported again in
# each worker, and must hold its loops behind `if __name__ == "__main__":`.)


# %%
class Stream(IterableDataset):
    def __init__(self, share):
        self.share = share

    def __iter__(self):
        me = get_worker_info()
        first, step = (me.id, me.num_workers) if self.share and me else (0, 1)
        return iter(range(first, 6, step))


def collect(dataset, **options):
    context = "fork" if options.get("num_workers") else None
    return [v for batch in DataLoader(dataset, multiprocessing_context=context, **options) for v in batch.tolist()]


assert collect(Stream(False)) == [0, 1, 2, 3, 4, 5]
double = collect(Stream(False), num_workers=2)
print("two workers, naive stream:", sorted(double))
assert sorted(double) == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]  # silently wrong
assert sorted(collect(Stream(True), num_workers=2)) == [0, 1, 2, 3, 4, 5]

# %% [markdown]
# **The same noise everywhere.** The engine seeds its own generator, `random` and NumPy's global one differently in each
# worker. A generator of your own, made in `__init__`, is copied with the dataset: all workers draw the same numbers.


# %%
class Noise(Dataset):
    def __init__(self, own):
        self.rng = np.random.default_rng(0) if own else None

    def __len__(self):
        return 4

    def __getitem__(self, i):
        return self.rng.normal() if self.rng else mt.randn(()).item()


mt.manual_seed(0)
own, engines = (collect(Noise(own), num_workers=2) for own in (True, False))
print("own generator:", np.round(own, 3), " the engine's:", np.round(engines, 3))
assert len(set(own)) == 2 and len(set(engines)) == 4
mt.manual_seed(0)
collect(Noise(True), num_workers=2)
assert collect(Noise(False), num_workers=2) == engines  # one seed fixes what the workers draw

# %% [markdown]
# **Samples of different lengths** cannot be stacked. This one does raise an error; the remedy is a `collate_fn`.

# %%
ragged = [mt.ones(n) for n in (2, 3)]
try:
    next(iter(DataLoader(ragged, batch_size=2)))
    message = ""
except RuntimeError as error:
    message = str(error)
print(message.splitlines()[0])
assert "stack" in message
padded = next(iter(DataLoader(ragged, batch_size=2, collate_fn=lambda s: mt.nn.utils.rnn.pad_sequence(s, True))))
assert padded.tolist() == [[1, 1, 0], [1, 1, 1]]

# %% [markdown]
# ## Milestone
#
# You can now explain what dataset, sampler, collate function and worker each do; why order is a part of the method;
# what a seed fixes; why a stream may come twice and noise may repeat; what IoU and NMS compute.
#
# In the engine: `minitorch learn start 10` lets you write `batches`, `stack_samples`, `locate` and `share_out`.
#
# On paper, or in this file:
#
# 1. Give `naive_loader` the option `drop_last`.
# 2. Write a sampler that yields indices sorted by length, in shuffled blocks, so that padding wastes little.
# 3. Let `Noise` keep a generator of its own that differs in each worker (`worker_init_fn`, `get_worker_info().seed`).
#
# Read next: `minitorch/utils/data/sampler.py`, `fetch.py` beside it, then `worker.py`.

# %%
assert len(double) == 12 and len(set(own)) == 2 and shuffled[1] > in_order[1] and len(kept) + len(dropped) == 30
print("chapter 10 holds")
