"""Numbers reach README.md from the run's tables, each between its own markers."""

import pytest

from lib import readme


def test_the_findings_table_goes_between_its_markers(tmp_path):
    page, claims = tmp_path / "README.md", tmp_path / "data" / "claims.csv"
    page.write_text("above\n<!-- findings -->\nold\n<!-- /findings -->\n<!-- summary -->\n<!-- /summary -->\nbelow\n")
    readme.write(tmp_path)  # no claims yet
    assert "old" in page.read_text()
    claims.parent.mkdir()
    claims.write_text(
        "id,published,mean,low,high,seeds,null,converged,reproduced,origin,future,verdict\n"
        "load,0.05 to 0.08,0.061234,0.05,1234.5,64,,0.1,reproduced,learned,,learned\n"
    )
    for _ in range(2):
        readme.write(tmp_path)
        lines = page.read_text().splitlines()
        assert lines[0] == "above" and lines[-1] == "below" and "old" not in lines
        assert any(line.startswith("Of 1 published numbers **1** come out again in 64 networks, 1 are learned") for line in lines)
        assert "| `load` | 0.05 to 0.08 | 0.0612 (0.05 to 1230) |  | 0.1 | learned |" in lines
    page.write_text("no markers")
    with pytest.raises(ValueError, match="README.md"):
        readme.write(tmp_path)


def test_every_table_has_its_own_place(tmp_path):
    page, data = tmp_path / "README.md", tmp_path / "data"
    page.write_text("<!-- predictions -->\n<!-- /predictions -->\nbetween\n<!-- times -->\n<!-- /times -->\n<!-- bench -->\n<!-- /bench -->\n")
    data.mkdir()
    (data / "12_verdict.csv").write_text('prediction,verdict,evidence\nit tips,fails,"at no p, nowhere"\n')
    (data / "bench.json").write_text(
        '{"network-steps per second": {"loop": {"median": 200.0}, "ours": {"median": 3000.0}}, '
        '"machine": {"processor": "P", "cores used": 2}, "make paper, seconds": {"cold": 500.4, "nothing": 0.012}}'
    )
    readme.write(tmp_path)
    lines = page.read_text().splitlines()
    assert "| 12 | it tips | fails | at no p, nowhere |" in lines and "| ours | 3,000 | 15.0 |" in lines
    assert "| cold | 500 |" in lines and "| nothing | 0.01 |" in lines and lines.index("between") < lines.index("| ours | 3,000 | 15.0 |")
