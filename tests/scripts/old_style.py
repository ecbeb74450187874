# The way PyTorch was written years ago: Variable, .data, legacy constructors, reduce= and size_average=, in-place init.
import warnings

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.autograd import Variable
from torch.nn import init
from torch.nn.parameter import Parameter

warnings.filterwarnings('ignore')
torch.manual_seed(1)
np.random.seed(1)
use_cuda = torch.cuda.is_available()
if use_cuda:
    torch.set_default_tensor_type('torch.cuda.FloatTensor')
else:
    torch.set_default_tensor_type('torch.FloatTensor')

x = torch.Tensor(5, 3).uniform_(-1, 1)
y = torch.FloatTensor([[1, 2, 3], [4, 5, 6]])
print(x, y, y.size(), torch.LongTensor([1, 2]), torch.ByteTensor([1, 0]), x.new(2, 2).zero_(), sep='\n')
print(x.type(), y.long().type(), x.is_cuda, torch.is_tensor(x), y.numel(), y.nelement(), y.dim(), y.ndimension())
print(torch.mm(y, x.t()[:, :2][:3]), torch.addmm(torch.ones(2, 2), y, x[:2].t()), y.view(-1).dot(y.view(-1)))
print(torch.from_numpy(np.arange(3)), y.numpy().sum(), torch.cat((y, y), 1).size(), torch.stack([y, y]).size())
print(torch.gt(y, 3), torch.masked_select(y, y.gt(3)), y.index_select(1, torch.LongTensor([0, 2])), y.clone().fill_(3)[0])
print(y.sum(0), y.mean(1), y.max(1)[1], y.std(), y.var(0), y.norm(), torch.sort(y, 1, True)[0], y.expand(2, 2, 3).size())
print(torch.clamp(y, min=2, max=5), y.pow(2), y.sqrt(), torch.ge(y, 3).sum(), torch.range(1, 4), y[:, 1], y.tolist())
print(torch.baddbmm(torch.ones(1, 2, 2), y[None], x.t()[None, :, :2]), y.unfold(1, 2, 1), torch.cross(y[0], y[1], dim=0))


class FactorizedLayer(nn.Module):
    def __init__(self, in_features, out_features, rank, bias=True):
        super(FactorizedLayer, self).__init__()
        self.u = Parameter(torch.Tensor(out_features, rank))
        self.v = Parameter(torch.Tensor(rank, in_features))
        if bias:
            self.bias = Parameter(torch.Tensor(out_features))
        else:
            self.register_parameter('bias', None)
        self.reset_parameters()

    def reset_parameters(self):
        stdv = 1. / self.v.size(1) ** 0.5
        self.u.data.uniform_(-stdv, stdv)
        self.v.data.normal_(0, 0.3)
        if self.bias is not None:
            self.bias.data.zero_()

    def forward(self, input):
        return F.linear(input, self.u.mm(self.v), self.bias)

    def __repr__(self):
        return self.__class__.__name__ + ' (' + str(self.v.size(1)) + ' -> ' + str(self.u.size(0)) + ')'


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.conv = nn.Conv2d(1, 6, 5)
        self.fc1 = FactorizedLayer(6 * 2 * 2, 10, 4)
        self.fc2 = nn.Linear(10, 3)
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                n = m.kernel_size[0] * m.kernel_size[1] * m.out_channels
                m.weight.data.normal_(0, (2. / n) ** 0.5)
            elif isinstance(m, nn.Linear):
                init.xavier_uniform(m.weight)
                init.constant(m.bias, 0.1)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv(x)), (2, 2))
        x = x.view(-1, self.num_flat_features(x))
        x = F.tanh(self.fc1(x))
        x = F.dropout(x, training=self.training)
        return self.fc2(x)

    def num_flat_features(self, x):
        size = x.size()[1:]
        num_features = 1
        for s in size:
            num_features *= s
        return num_features


net = Net()
print(net)
print(list(map(lambda p: tuple(p.size()), net.parameters())))
criterion = nn.CrossEntropyLoss(size_average=True)
inputs = Variable(torch.randn(20, 1, 8, 8))
labels = Variable(torch.from_numpy(np.random.randint(0, 3, 20)))
optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)


def adjust_learning_rate(optimizer, epoch):
    """Sets the learning rate to the initial LR decayed by 10 every 10 epochs"""
    lr = 0.05 * (0.1 ** (epoch // 10))
    for param_group in optimizer.param_groups:
        param_group['lr'] = lr
    return lr


for epoch in range(20):
    lr = adjust_learning_rate(optimizer, epoch)
    optimizer.zero_grad()
    outputs = net(inputs)
    loss = criterion(outputs, labels)
    loss.backward()
    torch.nn.utils.clip_grad_norm(net.parameters(), 5)
    optimizer.step()
    _, predicted = torch.max(outputs.data, 1)
    if epoch % 4 == 3:
        print('epoch %d lr %g loss %.5f acc %.2f' % (epoch, lr, loss.data.item(), (predicted == labels.data).sum() / 20.0))
net.eval()
out = net(inputs)
print(F.softmax(out)[:2].data, F.log_softmax(out)[:2].data, F.sigmoid(out)[0].data, nn.Softmax()(out)[0].data)
print(nn.MSELoss(reduce=False)(out, out * 0)[0].data, nn.L1Loss(size_average=False)(out, out * 0).data)
print(nn.BCELoss()(F.sigmoid(out), Variable(torch.ones(20, 3))).data, F.upsample(inputs[:1], scale_factor=2)[0, 0, 0, :4])
print(nn.KLDivLoss()(F.log_softmax(out, 1), F.softmax(out * 2, 1)).data, F.nll_loss(F.log_softmax(out, 1), labels, size_average=False).data)
h = Variable(torch.zeros(1, 20, 4), requires_grad=True)
rnn = nn.RNN(8, 4, 1, batch_first=True, nonlinearity='relu')
o, hn = rnn(inputs.squeeze(1), h)
o.sum().backward(retain_variables=True) if False else o.sum().backward(retain_graph=True)
print(h.grad.data.sum(), hn.size(), rnn.weight_hh_l0.grad.data.norm())
h.grad.data.zero_()
w = Variable(torch.ones(2, 2), volatile=True)
print((w * 2).requires_grad, h.grad.sum())
