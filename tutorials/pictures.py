"""Run a chapter as a script and write the pictures that it shows as HTML pages: python tutorials/pictures.py 03

A picture is what a notebook would show: an expression that stands alone at the end of a cell.
"""

import ast
import sys
from pathlib import Path

from minitorch.viz import Picture

HERE = Path(__file__).resolve().parent


def pictures_of(chapter: Path) -> list[Picture]:
    """The pictures of a chapter, in order."""
    tree, found = ast.parse(chapter.read_text(encoding="utf-8")), []

    def keep(value: object) -> None:
        if isinstance(value, Picture):
            found.append(value)

    for node in tree.body:
        if isinstance(node, ast.Expr):
            node.value = ast.Call(ast.Name("keep_picture", ast.Load()), [node.value], [])
    code = compile(ast.fix_missing_locations(tree), str(chapter), "exec")
    exec(code, {"__name__": "__main__", "keep_picture": keep})
    return found


def main(number: str, folder: str = "pictures") -> None:
    chapters = sorted(HERE.glob(f"{number}_*.py"))
    if not chapters:
        sys.exit(f"there is no chapter {number}: give a number, such as 03")
    pictures = pictures_of(chapters[0])
    Path(folder).mkdir(parents=True, exist_ok=True)
    for k, picture in enumerate(pictures, 1):
        path = Path(folder) / f"{chapters[0].stem}-{k}.html"
        picture.save(path)
        print(f"{path}: {picture.title}")
    if not pictures:
        print(f"chapter {number} has no pictures")


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 3:
        sys.exit("usage: python tutorials/pictures.py CHAPTER [FOLDER]")
    main(*sys.argv[1:])
