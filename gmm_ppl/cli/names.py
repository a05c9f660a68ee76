"""`gmm-ppl list` and `gmm-ppl schema`: what configs and reports know."""

from typing import Annotated

import typer

from gmm_ppl.cli.app import app


@app.command("list")
def list_names() -> None:
    """List the names that configs and reports know.

    A line each: kind, name, meaning, separated by tabs.
    """
    from gmm_ppl.experiment.catalogue import catalogue
    from gmm_ppl.report.catalogue import report_parts

    for row in (*catalogue(), *report_parts()):
        typer.echo("\t".join(row))


@app.command()
def schema(
    *,
    markdown: Annotated[bool, typer.Option("--markdown", help="A table of all keys instead, for people.")] = False,
) -> None:
    """Print the JSON Schema of configs, for editors."""
    import json

    from gmm_ppl.experiment.reference import reference
    from gmm_ppl.experiment.schema import json_schema

    typer.echo(reference() if markdown else json.dumps(json_schema(), indent=2, ensure_ascii=False), nl=not markdown)
