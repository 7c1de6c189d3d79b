"""The reader's network: states of a question and of chunks in, a logit for each sentence out.

The encoder's states stay as they are. A chunk's are projected once, when it is built: `size`
numbers to reason with and `matches` unit vectors of `match` numbers to compare words by. With a
question, its own sub-words look at each other; those of the chunks look at the question's, compare
themselves with what they see there, look around them, and at the means of their chunk and of what
stands before it. Each sentence is then pooled, how well it covers the question's sub-words is
measured, and what `index.reader.features` counts is added. One softmax goes over all sentences of
all chunks and over "none of these".
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_NEVER = -1e4


class QuestionBlock(nn.Module):
    """Self-attention over a question's sub-words and a step of thought."""

    def __init__(self, size: int, heads: int, hidden: int, drop: float) -> None:
        super().__init__()
        self.heads = heads
        self.before, self.between = nn.LayerNorm(size), nn.LayerNorm(size)
        self.mix, self.out = nn.Linear(size, 3 * size), nn.Linear(size, size)
        self.think = nn.Sequential(nn.Linear(size, hidden), nn.GELU(), nn.Linear(hidden, size))
        self.drop = nn.Dropout(drop)

    def forward(self, asked: Tensor, shut: Tensor) -> Tensor:
        """Take (g, q, size) and (g, q), 0 where there is a sub-word, and return (g, q, size)."""
        groups, count, size = asked.shape
        parts = self.mix(self.before(asked)).view(groups, count, 3, self.heads, -1)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        scores = query @ key.transpose(2, 3) * (size // self.heads) ** -0.5
        seen = (scores + shut[:, None, None]).softmax(-1) @ value
        asked = asked + self.drop(self.out(seen.transpose(1, 2).reshape(groups, count, size)))
        made: Tensor = asked + self.drop(self.think(self.between(asked)))
        return made


class ChunkBlock(nn.Module):
    """Sub-words of chunks look at the question's, around themselves and at the whole."""

    def __init__(self, size: int, heads: int, window: int, hidden: int) -> None:
        super().__init__()
        self.heads, self.window = heads, window
        self.norms = nn.ModuleList([nn.LayerNorm(size) for _ in range(3)])
        self.query, self.pair = nn.Linear(size, size), nn.Linear(size, 2 * size)
        self.compare = nn.Linear(2 * size, size)
        self.around = nn.Parameter(torch.randn(2 * window + 1, size) * 0.1)
        self.mix, self.whole = nn.Linear(size, size), nn.Linear(size, size)
        self.think = nn.Sequential(nn.Linear(size, hidden), nn.ReLU(), nn.Linear(hidden, size))

    def forward(
        self, told: Tensor, there: Tensor, means: Tensor, asked: Tensor, shut: Tensor
    ) -> Tensor:
        """Return (g, k, t, size) of the same.

        `there` (g, k, t) is 1 where there is a sub-word, `means` (g, k, 1, t) takes the mean over
        what stands before the sentences, `asked` (g, q, size) is the question, `shut` (g, q).
        """
        groups, chunks, count, size = told.shape
        width = size // self.heads
        query = self.query(self.norms[0](told)).view(groups, chunks * count, self.heads, width)
        key, value = self.pair(asked).view(groups, -1, 2, self.heads, width).permute(2, 0, 3, 1, 4)
        scores = query.transpose(1, 2) @ key.transpose(2, 3) * width**-0.5
        seen = (scores + shut[:, None, None]).softmax(-1) @ value
        seen = seen.transpose(1, 2).reshape(told.shape)
        told = told + self.compare(torch.cat([seen, self.norms[0](told) * seen], -1))
        inner = self.norms[1](told) * there[..., None]
        wide = functional.pad(inner, (0, 0, self.window, self.window))
        near = wide[:, :, :count] * self.around[0]
        for at in range(1, 2 * self.window + 1):
            near = near + wide[:, :, at : at + count] * self.around[at]
        mean = inner.sum(2, keepdim=True) / there.sum(2)[:, :, None, None].clamp(min=1)
        told = told + self.mix(functional.relu(near + mean + self.whole(means @ inner)))
        made: Tensor = told + self.think(self.norms[2](told))
        return made


class Network(nn.Module):
    """See the top of this file."""

    def __init__(
        self, width: int, features: int, size: int = 128, heads: int = 4, blocks: int = 2,
        window: int = 3, hidden: int = 192, match: int = 32, matches: int = 2, drop: float = 0.1,
    ) -> None:  # fmt: skip
        """Take the width of the encoder's states and how many features a sentence has."""
        super().__init__()
        self.centre: Tensor
        self.spread: Tensor
        self.size, self.heads, self.match, self.matches = size, heads, match, matches
        self.drop = drop
        self.norm, self.project_in = nn.LayerNorm(width), nn.Linear(width, size)
        self.match_in = nn.Linear(width, match * matches, bias=False)
        self.kind = nn.Parameter(torch.randn(3, size) * 0.02)  # asked, told, what stands before
        self.question = QuestionBlock(size, heads, hidden, drop)
        self.chunk = nn.ModuleList([ChunkBlock(size, heads, window, hidden) for _ in range(blocks)])
        self.sharpness = nn.Parameter(torch.tensor(12.0))
        self.step = nn.Parameter(torch.tensor([0.5, 6.0]))
        self.weigh, self.sum_up = nn.Linear(size, matches), nn.Linear(size, 1)
        self.last = nn.LayerNorm(size)
        self.point, self.point_by = nn.Linear(size, 2), nn.Linear(size, 2 * size)
        self.pool = nn.Linear(size, heads)
        self.register_buffer("centre", torch.zeros(features))
        self.register_buffer("spread", torch.ones(features))
        counted = matches * 4 + features
        self.head = nn.Sequential(
            nn.Linear(2 * size + 2 + counted, size), nn.GELU(), nn.Dropout(drop), nn.Linear(size, 1)
        )
        self.plain = nn.Linear(counted, 1)
        self.none = nn.Sequential(nn.Linear(size + counted, 64), nn.GELU(), nn.Linear(64, 1))

    def project(self, states: Tensor, keep: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return (..., size) and (..., matches, match) unit vectors of (..., width) states."""
        normed = self.norm(states)
        if keep is not None:
            normed = normed * keep
        matched = self.match_in(normed).view(*states.shape[:-1], self.matches, self.match)
        return self.project_in(normed), functional.normalize(matched, dim=-1)

    def forward(
        self, told: Tensor, pieces: Tensor, asked: Tensor, there: Tensor, features: Tensor,
        open_: Tensor,
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        """Return logits (g, k, s) of the sentences and (g,) of none, for states as they are.

        Of g groups of k chunks each: `told` (g, k, t, width), `pieces` (g, k, t) int64, -1 where
        there is nothing, 0 before the sentences, `asked` (g, q, width) with `there` (g, q) bool,
        `features` (g, k, s, f), `open_` (g, k, s) bool: which sentences may be chosen.
        """
        keep = None
        if self.training and self.drop:
            keep = torch.rand(asked.shape[0], 1, asked.shape[2]) > self.drop
            keep = keep.float() / (1 - self.drop)
        projected, matched = self.project(told, None if keep is None else keep[:, None])
        return self.interact(
            projected, matched, pieces, *self.project(asked, keep), there, features, open_
        )

    def interact(
        self, told: Tensor, told_match: Tensor, pieces: Tensor, asked: Tensor, asked_match: Tensor,
        there: Tensor, features: Tensor, open_: Tensor,
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        """Return what `forward` does, for states that are projected."""
        groups, chunks, count, size = told.shape
        sentences = features.shape[2]
        shut = (~there).float() * _NEVER
        numbers = torch.arange(sentences + 1, device=pieces.device)
        owner = (pieces[:, :, None] == numbers[:, None]).float()  # (g, k, s + 1, t)
        mean = owner / owner.sum(-1, keepdim=True).clamp(min=1)
        present = (pieces >= 0).float()
        query = self.question(asked + self.kind[0], shut)
        about = ((self.sum_up(query)[..., 0] + shut).softmax(-1)[:, None] @ query)[:, 0]
        told = told + self.kind[1] + owner[:, :, 0, :, None] * self.kind[2]
        for block in self.chunk:
            told = block(told, present, mean[:, :, :1], query, shut)
        told = self.last(told)

        covered = self._cover(told_match, asked_match, owner, query, shut)[:, :, 1:]
        turned = self.point_by(about).view(groups, 1, 2, size)
        point = self.point(told) + told @ turned.transpose(2, 3) * size**-0.5  # (g, k, t, 2)
        peak = point.detach().amax(2, keepdim=True)
        best = ((owner @ (point - peak).clamp(min=-40).exp()).clamp(min=1e-12).log() + peak)[
            :, :, 1:
        ]
        weight = self.pool(told)
        weight = (weight - weight.detach().amax(2, keepdim=True)).clamp(min=-30).exp()
        heads = told.view(groups, chunks, count, self.heads, -1) * weight[..., None]
        pooled = owner @ heads.reshape(told.shape)
        share = (owner @ weight).clamp(min=1e-8)[..., None]
        pooled = (pooled.view(groups, chunks, sentences + 1, self.heads, -1) / share).reshape(
            groups, chunks, sentences + 1, size
        )[:, :, 1:]
        told_of = (features - self.centre) / self.spread
        counted = torch.cat([covered, told_of], -1)
        whole = about[:, None, None]
        joined = torch.cat([pooled, pooled * whole, best * 0.3, counted], -1)
        logits = (self.head(joined) + self.plain(counted))[..., 0]
        logits = logits.masked_fill(~open_, _NEVER)
        most = counted.masked_fill(~open_[..., None], -9.0).amax((1, 2))
        none = self.none(torch.cat([about, most], -1))[:, 0]
        return logits, none

    def _cover(
        self, told: Tensor, asked: Tensor, owner: Tensor, query: Tensor, shut: Tensor
    ) -> Tensor:
        """Return how well each sentence has the question's sub-words, (g, k, s + 1, 4 matches).

        By itself, with what stands before it, by the best of its chunk, and how many it has.
        """
        sharpness = self.sharpness.clamp(4, 30)
        alike = torch.einsum("gkthm,gqhm->gkhtq", told, asked)
        near = owner[:, :, None] @ ((alike - 1) * sharpness).exp()  # (g, k, h, s + 1, q)
        soft = near.clamp(min=1e-9).log() / sharpness + 1
        weights = (self.weigh(query) + shut[..., None]).softmax(1).transpose(1, 2)  # (g, h, q)
        weights = weights[:, None, :, None]
        own = (soft * weights).sum(-1)
        before = (torch.maximum(soft, soft[:, :, :, :1]) * weights).sum(-1)
        chunk = (soft.amax(3, keepdim=True) * weights).sum(-1).expand_as(own)
        sharp = (torch.sigmoid((soft - self.step[0]) * self.step[1]) * weights).sum(-1)
        stacked = torch.stack([own, before, chunk, sharp], -1)  # (g, k, h, s + 1, 4)
        return stacked.permute(0, 1, 3, 2, 4).flatten(3)


def lose(logits: Tensor, none: Tensor, right: Tensor) -> Tensor:
    """Return -ln of the share that the right sentences, or none, have of each group's softmax.

    `logits` and `right` (g, k, s), `none` (g,); in a group without a right sentence none is right.
    """
    every = torch.cat([logits.flatten(1), none[:, None]], 1)
    marks = torch.cat([right.flatten(1), ~right.flatten(1).any(1, keepdim=True)], 1)
    good = torch.logsumexp(every.masked_fill(~marks, -1e9), 1)
    return torch.logsumexp(every, 1) - good
