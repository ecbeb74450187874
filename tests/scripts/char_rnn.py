"""Character-level language model with a GRU or LSTM; the old style with Variable and hidden state carried by hand."""
import argparse
import string

import torch
import torch.nn as nn
from torch.autograd import Variable

TEXT = """
It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness,
it was the epoch of belief, it was the epoch of incredulity, it was the season of light, it was the season of
darkness, it was the spring of hope, it was the winter of despair, we had everything before us, we had nothing
before us, we were all going direct to heaven, we were all going direct the other way.
""" * 3

all_characters = string.printable
n_characters = len(all_characters)


class CharRNN(nn.Module):
    def __init__(self, input_size, hidden_size, output_size, model="gru", n_layers=1):
        super(CharRNN, self).__init__()
        self.model = model.lower()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.output_size = output_size
        self.n_layers = n_layers

        self.encoder = nn.Embedding(input_size, hidden_size)
        if self.model == "gru":
            self.rnn = nn.GRU(hidden_size, hidden_size, n_layers)
        elif self.model == "lstm":
            self.rnn = nn.LSTM(hidden_size, hidden_size, n_layers)
        self.decoder = nn.Linear(hidden_size, output_size)

    def forward(self, input, hidden):
        batch_size = input.size(0)
        encoded = self.encoder(input)
        output, hidden = self.rnn(encoded.view(1, batch_size, -1), hidden)
        output = self.decoder(output.view(batch_size, -1))
        return output, hidden

    def init_hidden(self, batch_size):
        if self.model == "lstm":
            return (Variable(torch.zeros(self.n_layers, batch_size, self.hidden_size)),
                    Variable(torch.zeros(self.n_layers, batch_size, self.hidden_size)))
        return Variable(torch.zeros(self.n_layers, batch_size, self.hidden_size))


# Turning a string into a tensor
def char_tensor(string):
    tensor = torch.zeros(len(string)).long()
    for c in range(len(string)):
        tensor[c] = all_characters.index(string[c])
    return tensor


def random_training_set(chunk_len, batch_size):
    inp = torch.LongTensor(batch_size, chunk_len)
    target = torch.LongTensor(batch_size, chunk_len)
    for bi in range(batch_size):
        start_index = int(torch.randint(0, len(TEXT) - chunk_len - 1, (1,)))
        end_index = start_index + chunk_len + 1
        chunk = TEXT[start_index:end_index]
        inp[bi] = char_tensor(chunk[:-1])
        target[bi] = char_tensor(chunk[1:])
    return Variable(inp), Variable(target)


def generate(decoder, prime_str='it ', predict_len=60, temperature=0.8):
    hidden = decoder.init_hidden(1)
    prime_input = Variable(char_tensor(prime_str).unsqueeze(0))
    predicted = prime_str

    # Use priming string to "build up" hidden state
    for p in range(len(prime_str) - 1):
        _, hidden = decoder(prime_input[:, p], hidden)

    inp = prime_input[:, -1]
    for p in range(predict_len):
        output, hidden = decoder(inp, hidden)
        # Sample from the network as a multinomial distribution
        output_dist = output.data.view(-1).div(temperature).exp()
        top_i = torch.multinomial(output_dist, 1)[0]
        # Add predicted character to string and use as next input
        predicted_char = all_characters[top_i]
        predicted += predicted_char
        inp = Variable(char_tensor(predicted_char).unsqueeze(0))[0]
    return predicted


def train(decoder, optimizer, criterion, inp, target, chunk_len):
    hidden = decoder.init_hidden(inp.size(0))
    decoder.zero_grad()
    loss = 0
    for c in range(chunk_len):
        output, hidden = decoder(inp[:, c], hidden)
        loss += criterion(output.view(inp.size(0), -1), target[:, c])
    loss.backward()
    optimizer.step()
    return loss.data.item() / chunk_len


if __name__ == '__main__':
    argparser = argparse.ArgumentParser()
    argparser.add_argument('--n_epochs', type=int, default=30)
    argparser.add_argument('--print_every', type=int, default=10)
    argparser.add_argument('--hidden_size', type=int, default=32)
    argparser.add_argument('--n_layers', type=int, default=2)
    argparser.add_argument('--learning_rate', type=float, default=0.01)
    argparser.add_argument('--chunk_len', type=int, default=20)
    argparser.add_argument('--batch_size', type=int, default=8)
    args = argparser.parse_args()

    for kind in ("gru", "lstm"):
        torch.manual_seed(7)
        decoder = CharRNN(n_characters, args.hidden_size, n_characters, model=kind, n_layers=args.n_layers)
        optimizer = torch.optim.Adam(decoder.parameters(), lr=args.learning_rate)
        criterion = nn.CrossEntropyLoss()
        all_losses = []
        loss_avg = 0
        for epoch in range(1, args.n_epochs + 1):
            loss = train(decoder, optimizer, criterion, *random_training_set(args.chunk_len, args.batch_size),
                         args.chunk_len)
            loss_avg += loss
            if epoch % args.print_every == 0:
                all_losses.append(loss_avg / args.print_every)
                loss_avg = 0
                print('[(%d %d%%) %.5f]' % (epoch, epoch / args.n_epochs * 100, loss))
                print(repr(generate(decoder, 'it ', 40)), '\n')
        print(all_losses)
