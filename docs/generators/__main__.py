"""Writes every generated page of docs/: `make docs`. The suite compares them with the code."""

from pathlib import Path

from docs.generators import calculators, scaling, troubleshooting

DOCS = Path(__file__).parents[1]
VECTORS = Path(__file__).parents[2] / "tests" / "clinical" / "data" / "calc_vectors.json"


def main() -> None:
    """Write the pages, each by its generator."""
    pages = {
        "calculators.md": calculators.markdown(calculators.count_vectors(VECTORS)),
        "scaling.md": scaling.markdown(),
    }
    for path, text in {**pages, **troubleshooting.pages()}.items():
        (DOCS / path).parent.mkdir(exist_ok=True)
        (DOCS / path).write_text(text, encoding="utf-8")
        print(f"docs/{path}")


if __name__ == "__main__":
    main()
