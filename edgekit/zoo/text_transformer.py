"""A small Transformer encoder that classifies texts, from its parts (Vaswani et al. 2017, arXiv 1706.03762).

Layer norm stands before each part (Xiong et al. 2020, arXiv 2002.04745). Attention is written with matrix products and
softmax, so that the file holds operators that every runtime has.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

UNKNOWN = 1
"""The id that dropped words get in training."""
BAYES = 0.3
"""Share of the log ratio that an embedding begins with; the other channels begin with a deviation of 0.1."""
MASKED = -16.0
"""Added to the score of padding: e^-16 of a weight is nothing, and int8 keeps steps for the other scores."""


class SelfAttention(nn.Module):
    """(N, L, width) -> (N, L, width); `heads` of them side by side, each of `width / heads` channels."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.out = nn.Linear(width, width)

    def forward(self, x: torch.Tensor, masked: torch.Tensor) -> torch.Tensor:
        query, key, value = (self._split(layer(x)) for layer in (self.query, self.key, self.value))
        scores = torch.matmul(query, key.transpose(2, 3)) * query.shape[-1] ** -0.5 + masked
        mixed = torch.matmul(torch.softmax(scores, dim=-1), value).transpose(1, 2)
        y: torch.Tensor = self.out(mixed.flatten(2))
        return y

    def _split(self, x: torch.Tensor) -> torch.Tensor:
        return x.reshape(x.shape[0], x.shape[1], self.heads, -1).transpose(1, 2)


class Block(nn.Module):
    """Attention, then a feed-forward part of two layers, each added to its input."""

    def __init__(self, width: int, heads: int, feed_forward: int, dropout: float) -> None:
        super().__init__()
        self.norm_attention, self.norm_feed_forward = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = SelfAttention(width, heads)
        self.feed_forward = nn.Sequential(nn.Linear(width, feed_forward), nn.ReLU(), nn.Linear(feed_forward, width))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: torch.Tensor, masked: torch.Tensor) -> torch.Tensor:
        x = x + self.dropout(self.attention(self.norm_attention(x), masked))
        y: torch.Tensor = x + self.dropout(self.feed_forward(self.norm_feed_forward(x)))
        return y


class TextTransformer(nn.Module):
    """Token ids (N, length) int32, 0 for padding -> (N, classes) logits.

    The mask is derived from the ids; the mean over a text's tokens is classified.
    """

    places: torch.Tensor

    def __init__(
        self,
        vocabulary: int,
        length: int,
        width: int,
        heads: int,
        feed_forward: int,
        layers: int,
        classes: int,
        dropout: float,
        word_dropout: float,
    ) -> None:
        super().__init__()
        self.word_dropout = word_dropout
        self.embedding = nn.Embedding(vocabulary, width)
        self.positions = nn.Embedding(length, width)
        self.register_buffer("places", torch.arange(length, dtype=torch.int32), persistent=False)
        nn.init.normal_(self.embedding.weight, std=0.1)
        nn.init.normal_(self.positions.weight, std=0.02)
        self.blocks = nn.ModuleList(Block(width, heads, feed_forward, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(width, classes)

    def first_weights(self, inputs: tuple[NDArray[Any], ...], labels: NDArray[Any]) -> None:
        """Begin where naive Bayes stands (Wang & Manning 2012, ACL P12-2018): from the train split, before training.

        Channel c - 1 of a token's embedding: log P(token | class c) / P(token | class 0), each text counted once.
        """
        weight = self.embedding.weight
        counts = np.ones((self.classifier.out_features, weight.shape[0]))
        for row, label in zip(inputs[0], labels, strict=True):
            counts[label, np.unique(row)] += 1
        logs = np.log(counts / counts.sum(axis=1, keepdims=True))
        ratios = (logs[1:] - logs[0])[: weight.shape[1]]
        ratios[:, : UNKNOWN + 1] = 0.0
        with torch.no_grad():
            weight[:, : len(ratios)] = torch.from_numpy(BAYES * ratios.T).to(weight.dtype)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        if self.training and self.word_dropout:
            dropped = (torch.rand(ids.shape) < self.word_dropout) & (ids != 0)
            ids = torch.where(dropped, UNKNOWN, ids)
        given = (ids != 0).to(torch.float32).unsqueeze(2)  # (N, L, 1)
        masked = ((1.0 - given) * MASKED).transpose(1, 2).unsqueeze(1)  # (N, 1, 1, L)
        x = self.dropout(self.embedding(ids) + self.positions(self.places))
        for block in self.blocks:
            x = block(x, masked)
        pooled = (self.norm(x) * given).sum(1) / given.sum(1)
        y: torch.Tensor = self.classifier(self.dropout(pooled))
        return y


def text_transformer(
    vocabulary: int = 8192,
    length: int = 48,
    width: int = 32,
    heads: int = 4,
    feed_forward: int = 64,
    layers: int = 1,
    classes: int = 2,
    dropout: float = 0.3,
    word_dropout: float = 0.1,
) -> nn.Module:
    """`vocabulary` and `length` must be those of the data source. The dropouts work in training alone."""
    return TextTransformer(
        vocabulary, length, width, heads, feed_forward, layers, classes, dropout, word_dropout
    ).eval()
