"""Writes every generated page of docs/ (`make docs`). A test compares the pages with the code."""

from pathlib import Path

from docs.generators import api, errors, scaling, troubleshooting

DOCS = Path(__file__).parents[1]
VECTORS = Path(__file__).parents[2] / "tests" / "clinical" / "data" / "calc_vectors.json"


def main() -> None:
    """Write each page with its generator."""
    current = (DOCS / "errors.md").read_text(encoding="utf-8")
    pages = {
        "api.md": api.markdown(),
        "errors.md": errors.into(current),
        "scaling.md": scaling.markdown(),
    }
    for path, text in {**pages, **troubleshooting.pages()}.items():
        (DOCS / path).write_text(text, encoding="utf-8")
        print(f"docs/{path}")
    if any((DOCS.parent / "clinical").glob("*.py")):  # can be removed: docs/own-app.md
        _of_the_calculators()


def _of_the_calculators() -> None:
    from docs.generators import calculators, cds_cards, cds_prefetch

    text = calculators.markdown(calculators.count_vectors(VECTORS))
    (DOCS / "calculators.md").write_text(text, encoding="utf-8")
    print("docs/calculators.md")
    # The rest of this page is written by hand.
    document = DOCS / "cds-hooks.md"
    text = cds_prefetch.into(cds_cards.into(document.read_text(encoding="utf-8")))
    document.write_text(text, encoding="utf-8")
    print("docs/cds-hooks.md")


if __name__ == "__main__":
    main()
