"""The reader's network as it ships: for one question, over chunks that stand one after another.

Training pads the chunks of a group to the longest; of what is read for a question, a third would be
padding. Here the sub-words of all chunks are one run of rows, with `GAP` empty rows between two
chunks so that none looks around itself into its neighbour, and the question's keys and values are
made ready for all rows at once. It gives what Network gives, within rounding.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from index.reader.bundled import GAP
from training.network import ChunkBlock, Network

_NEVER = -1e4
_LIMIT = 30.0  # of what is raised to a power; a trained network stays within a third of it


class PackedNetwork(nn.Module):
    """See the top of this file."""

    def __init__(self, network: Network) -> None:
        """Take the network; raises ValueError where it looks further than the gap."""
        super().__init__()
        self.network = network
        if any(block.window > GAP for block in network.chunk if isinstance(block, ChunkBlock)):
            raise ValueError(f"the network looks further than {GAP} sub-words")

    def forward(
        self, rows: Tensor, scales: Tensor, slots: Tensor, asked: Tensor, features: Tensor,
        open: Tensor,
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        """Return the logits (k, s) of the sentences and (1,) of none.

        Of n sub-words and empty rows: `rows` (n, w) int8 and `scales` (n, 2), states as a release
        keeps them, and `slots` (n,) int64, -1 for an empty row, else c (s + 1) for what stands
        before the sentences of chunk c and c (s + 1) + 1 + i for its sentence i. `asked` (q, v) are
        the question's states, `features` (k, s, f), `open` (k, s) bool: what may be chosen.
        """
        network, size = self.network, self.network.size
        chunks, sentences, _ = features.shape
        count, places = rows.shape[0], chunks * (sentences + 1)
        numbers = rows.float()
        told = numbers[:, :size] * scales[:, :1]
        match = (numbers[:, size:] * scales[:, 1:]).view(count, network.matches, network.match)
        projected, asked_match = network.project(asked)
        query = network.question((projected + network.kind[0])[None], torch.zeros(1, len(asked)))[0]
        about = network.sum_up(query)[:, 0].softmax(-1)[None] @ query  # (1, size)

        owner = (torch.arange(places)[:, None] == slots).float()  # (places, n)
        by_chunk = owner.view(chunks, sentences + 1, count)
        inside, before = by_chunk.sum(1), by_chunk[:, 0]  # (k, n)
        means = inside / inside.sum(1, keepdim=True).clamp(min=1)
        means_before = before / before.sum(1, keepdim=True).clamp(min=1)
        present = (slots >= 0).float()[:, None]
        chunk = slots.clamp(min=0) // (sentences + 1)
        told = told + network.kind[1] + before.sum(0)[:, None] * network.kind[2]
        for block in network.chunk:
            assert isinstance(block, ChunkBlock)  # noqa: S101 - for the type checker
            told = _interact(block, told, query, present, means, means_before, chunk)
        told = network.last(told)

        shape = (chunks, sentences + 1, -1)
        covered = self._cover(match, asked_match, owner, query, chunks)
        turned = network.point_by(about).view(2, size)
        point = network.point(told) + told @ turned.T * size**-0.5
        pointed = owner @ point.clamp(-_LIMIT, _LIMIT).exp()
        best = pointed.clamp(min=1e-20).log().view(shape)[:, 1:]
        weight = network.pool(told).clamp(-_LIMIT, _LIMIT).exp()
        heads = (told.view(count, network.heads, -1) * weight[..., None]).view(count, size)
        share = (owner @ weight).clamp(min=1e-20)[..., None]
        pooled = ((owner @ heads).view(places, network.heads, -1) / share).view(shape)[:, 1:]
        counted = torch.cat([covered, (features - network.centre) / network.spread], -1)
        joined = torch.cat([pooled, pooled * about[:, None], best * 0.3, counted], -1)
        logits = (network.head(joined) + network.plain(counted))[..., 0]
        most = counted.masked_fill(~open[..., None], -9.0).amax((0, 1))
        none = network.none(torch.cat([about[0], most])[None])[:, 0]
        return logits.masked_fill(~open, _NEVER), none

    def _cover(
        self, told: Tensor, asked: Tensor, owner: Tensor, query: Tensor, chunks: int
    ) -> Tensor:
        """Return what Network's own does, (k, s, 4 matches)."""
        network = self.network
        sharpness = network.sharpness.clamp(4, 30)
        alike = told.transpose(0, 1) @ asked.permute(1, 2, 0)  # (h, n, q)
        near = owner @ ((alike - 1) * sharpness).exp()
        soft = near.clamp(min=1e-9).log() / sharpness + 1
        soft = soft.view(network.matches, chunks, -1, len(query))
        weights = network.weigh(query).softmax(0).T[:, None, None]  # (h, 1, 1, q)
        own = (soft * weights).sum(-1)
        before = (torch.maximum(soft, soft[:, :, :1]) * weights).sum(-1)
        whole = (soft.amax(2, keepdim=True) * weights).sum(-1).expand_as(own)
        sharp = (torch.sigmoid((soft - network.step[0]) * network.step[1]) * weights).sum(-1)
        stacked = torch.stack([own, before, whole, sharp], -1)  # (h, k, s + 1, 4)
        return stacked.permute(1, 2, 0, 3).flatten(2)[:, 1:]


def _interact(
    block: ChunkBlock, told: Tensor, query: Tensor, present: Tensor, means: Tensor,
    means_before: Tensor, chunk: Tensor,
) -> Tensor:  # fmt: skip
    """Return (n, size) as ChunkBlock does.

    The scores of all heads are one product, of the rows with what the question's keys are behind
    the block's own projection, and so are the sums of the values.
    """
    size, heads = told.shape[1], block.heads
    width, asked = size // heads, query.shape[0]
    normed = block.norms[0](told)
    key, value = block.pair(query).view(asked, 2, heads, width).unbind(1)
    ways = torch.cat([block.query.weight, block.query.bias[:, None]], 1)
    ways = ways.view(heads, width, size + 1).transpose(1, 2) * width**-0.5
    keys = (ways @ key.permute(1, 2, 0)).transpose(0, 1).reshape(size + 1, heads * asked)
    scores = (normed @ keys[:size] + keys[size]).view(-1, heads, asked)
    apart = torch.eye(heads)[:, None, :, None]
    values = (value.transpose(0, 1)[:, :, None] * apart).reshape(heads * asked, size)
    seen = scores.softmax(-1).view(-1, heads * asked) @ values
    told = told + block.compare(torch.cat([seen, normed * seen], -1))
    inner = block.norms[1](told) * present
    around = block.around.T[:, None]
    near = functional.conv1d(inner.T[None], around, padding=block.window, groups=size)[0].T
    whole = means @ inner + block.whole(means_before @ inner)
    told = told + block.mix(functional.relu(near + whole[chunk]))
    made: Tensor = told + block.think(block.norms[2](told))
    return made
