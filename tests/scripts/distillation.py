"""Knowledge distillation: a wide teacher, a narrow student; soft targets, then hidden features by cosine and regressor."""
import torch
import torch.nn as nn
import torch.optim as optim
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, Subset, TensorDataset

device = torch.accelerator.current_accelerator().type if torch.accelerator.is_available() else "cpu"
print(f"Using {device} device")


class DeepNN(nn.Module):
    def __init__(self, num_classes=10):
        super(DeepNN, self).__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 16, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.Conv2d(16, 8, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(kernel_size=2, stride=2),
        )
        self.classifier = nn.Sequential(nn.Linear(128, 64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, num_classes))

    def forward(self, x):
        x = self.features(x)
        hidden = torch.flatten(x, 1)
        return self.classifier(hidden), nn.functional.avg_pool1d(hidden, 2)


class LightNN(nn.Module):
    def __init__(self, num_classes=10):
        super(LightNN, self).__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 4, kernel_size=3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        self.classifier = nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, num_classes))

    def forward(self, x):
        x = self.features(x)
        x = torch.flatten(x, 1)
        return self.classifier(x), x


X, y = load_digits(return_X_y=True)
X = torch.as_tensor(X, dtype=torch.float32).view(-1, 1, 8, 8).sub(4.9).div(6.0)
dataset = TensorDataset(X, torch.as_tensor(y))
train_loader = DataLoader(Subset(dataset, range(600)), batch_size=60, shuffle=True)
test_loader = DataLoader(Subset(dataset, range(600, 900)), batch_size=100)


def train(model, epochs, learning_rate):
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.Adam(model.parameters(), lr=learning_rate)
    model.train()
    for epoch in range(epochs):
        running_loss = 0.0
        for inputs, labels in train_loader:
            inputs, labels = inputs.to(device), labels.to(device)
            optimizer.zero_grad()
            outputs, _ = model(inputs)
            loss = criterion(outputs, labels)
            loss.backward()
            optimizer.step()
            running_loss += loss.item()
        print(f"Epoch {epoch+1}/{epochs}, Loss: {running_loss / len(train_loader)}")


def test(model):
    model.to(device).eval()
    correct = total = 0
    with torch.no_grad():
        for inputs, labels in test_loader:
            outputs, _ = model(inputs)
            _, predicted = torch.max(outputs.data, 1)
            total += labels.size(0)
            correct += (predicted == labels).sum().item()
    accuracy = 100 * correct / total
    print(f"Test Accuracy: {accuracy:.2f}%")
    return accuracy


def train_knowledge_distillation(teacher, student, epochs, learning_rate, T, soft_weight, ce_weight):
    ce_loss = nn.CrossEntropyLoss()
    kl = nn.KLDivLoss(reduction='batchmean', log_target=True)
    cosine, mse = nn.CosineEmbeddingLoss(), nn.MSELoss()
    optimizer = optim.Adam(student.parameters(), lr=learning_rate)
    teacher.eval()
    student.train()
    for epoch in range(epochs):
        running = torch.zeros(4)
        for inputs, labels in train_loader:
            optimizer.zero_grad()
            with torch.no_grad():
                teacher_logits, teacher_hidden = teacher(inputs)
            logits, hidden = student(inputs)
            soft_targets = nn.functional.softmax(teacher_logits / T, dim=-1)
            soft_prob = nn.functional.log_softmax(logits / T, dim=-1)
            # Scaled by T**2 as suggested by the authors of the paper
            soft = torch.sum(soft_targets * (soft_targets.log() - soft_prob)) / soft_prob.size()[0] * (T**2)
            same = kl(soft_prob, nn.functional.log_softmax(teacher_logits / T, dim=-1)) * T**2
            feature = cosine(hidden, teacher_hidden, target=torch.ones(inputs.size(0)).to(device))
            regression = mse(hidden, teacher_hidden)
            label = ce_loss(logits, labels)
            loss = soft_weight * soft + ce_weight * label + 0.1 * feature + 0.1 * regression
            running += torch.stack([soft, same, label, feature]).detach()
            loss.backward()
            optimizer.step()
        print(f"Epoch {epoch+1}/{epochs}, losses: {(running / len(train_loader)).tolist()}")


torch.manual_seed(42)
nn_deep = DeepNN(num_classes=10).to(device)
train(nn_deep, epochs=3, learning_rate=0.002)
test_accuracy_deep = test(nn_deep)
torch.manual_seed(42)
nn_light = LightNN(num_classes=10).to(device)
torch.manual_seed(42)
new_nn_light = LightNN(num_classes=10).to(device)
print("Norm of 1st layer of nn_light:", torch.norm(nn_light.features[0].weight).item())
print("Norm of 1st layer of new_nn_light:", torch.norm(new_nn_light.features[0].weight).item())
total_params_deep = "{:,}".format(sum(p.numel() for p in nn_deep.parameters()))
print(f"DeepNN parameters: {total_params_deep}")
train(nn_light, epochs=2, learning_rate=0.002)
test(nn_light)
train_knowledge_distillation(nn_deep, new_nn_light, epochs=2, learning_rate=0.002, T=2, soft_weight=0.25, ce_weight=0.75)
test(new_nn_light)
