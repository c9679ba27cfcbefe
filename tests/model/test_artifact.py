import json
import os
import pickle
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from credit_model.errors import ArtifactError, CreditModelError
from credit_model.model.artifact import forest_arrays, forest_from_arrays, load_artifact, save_artifact
from credit_model.model.seal import write_sealed
from tests.model.examples import as_rows, portfolio, portfolio_model


@pytest.fixture(scope="module")
def fitted():
    return portfolio_model(max_iter=20).fit(*portfolio(n=600))


@pytest.fixture
def folder(fitted, tmp_path):
    save_artifact(tmp_path / "model", {"name": "信用"}, forest_arrays(fitted.forest_))
    return tmp_path / "model"


def test_a_saved_forest_scores_the_same_bit_for_bit(fitted, folder):
    manifest, arrays = load_artifact(folder)
    assert manifest["name"] == "信用"
    forest = forest_from_arrays(arrays, folder)
    rows = as_rows(portfolio(1)[0])
    assert forest.survival_scores(rows).tobytes() == fitted.forest_.survival_scores(rows).tobytes()


def test_numeric_categories_are_saved_with_the_forest(tmp_path):
    frame, tier = portfolio(2, n=600)
    frame["job"] = frame["job"].map({"gig": 10, "salaried": 20, "self_employed": 30})
    model = portfolio_model(max_iter=10).fit(frame, tier)
    save_artifact(tmp_path / "m", {}, forest_arrays(model.forest_))
    forest = forest_from_arrays(load_artifact(tmp_path / "m")[1], tmp_path)
    X = frame.to_numpy(dtype=np.float64)
    assert (forest.keep_score(X, np.full(len(X), 2)) == model.keep_score(frame, 2)).all()


def test_a_saved_model_predicts_in_a_process_that_never_loads_scikit_learn(fitted, folder, tmp_path):
    rows = as_rows(portfolio(3, n=50)[0])
    np.save(tmp_path / "rows.npy", rows)
    script = (
        "import sys, numpy as np\n"
        "sys.modules['sklearn'] = None\n"  # importing it would now fail
        "from credit_model.model.artifact import forest_from_arrays, load_artifact\n"
        f"forest = forest_from_arrays(load_artifact({str(folder)!r})[1], '')\n"
        f"np.save({str(tmp_path / 'scores.npy')!r}, forest.survival_scores(np.load({str(tmp_path / 'rows.npy')!r})))\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, env=os.environ)
    assert np.load(tmp_path / "scores.npy").tobytes() == fitted.forest_.survival_scores(rows).tobytes()


def test_the_folder_holds_a_manifest_and_arrays_and_nothing_that_runs_code(folder):
    assert sorted(path.name for path in folder.iterdir()) == ["arrays.npz", "manifest.json"]
    with zipfile.ZipFile(folder / "arrays.npz") as stored:
        assert all(name.endswith(".npy") for name in stored.namelist())


def test_saving_again_replaces_the_earlier_model(folder, fitted):
    save_artifact(folder, {"name": "second"}, forest_arrays(fitted.forest_))
    assert load_artifact(folder)[0]["name"] == "second"


def replace_manifest(folder, **changes):
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8")) | changes
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def flip_a_byte(folder):
    content = bytearray((folder / "arrays.npz").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "arrays.npz").write_bytes(content)


def cut_short(folder):
    content = (folder / "arrays.npz").read_bytes()
    (folder / "arrays.npz").write_bytes(content[: len(content) // 2])


DAMAGES = {
    "manifest missing": (lambda f: (f / "manifest.json").unlink(), "manifest.json is missing"),
    "arrays missing": (lambda f: (f / "arrays.npz").unlink(), "arrays.npz cannot be read .No such file"),
    "manifest no JSON": (lambda f: (f / "manifest.json").write_text("{"), "manifest.json is damaged"),
    "manifest not text": (lambda f: (f / "manifest.json").write_bytes(b"\xff\xfe\x00"), "manifest.json is damaged"),
    "manifest a list": (lambda f: (f / "manifest.json").write_text("[]"), "must have format .* found 'list'"),
    "another format": (lambda f: replace_manifest(f, format="credit_model.model/99"), "found 'credit_model.model/99'"),
    "a flipped bit": (flip_a_byte, "is damaged, what lies there does not have the digest"),
    "a truncated file": (cut_short, "is damaged, what lies there does not have the digest"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_model_is_refused_in_one_line_that_names_the_folder(folder, damage):
    harm, message = DAMAGES[damage]
    harm(folder)
    with pytest.raises(ArtifactError, match=message) as error:
        load_artifact(folder)
    assert str(folder) in str(error.value)
    assert "\n" not in str(error.value)
    assert isinstance(error.value, CreditModelError)


def stored_with_right_digest(folder, write):
    """Replace the arrays and state their digest, as someone with intent would."""
    write(folder / "arrays.npz")
    content = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    content = {k: v for k, v in content.items() if k not in ("digest", "files")}
    write_sealed(folder, content.pop("format"), content, ["arrays.npz"])


class RunsCode:
    def __reduce__(self):
        return (os.system, ("touch ran",))


def test_pickled_objects_among_the_arrays_are_never_loaded(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    evil = np.array([RunsCode()], dtype=object)
    stored_with_right_digest(folder, lambda path: np.savez(path, nodes=evil))
    with pytest.raises(ArtifactError, match=r"arrays\.npz cannot be read"):
        load_artifact(folder)
    stored_with_right_digest(folder, lambda path: path.write_bytes(pickle.dumps(RunsCode())))
    with pytest.raises(ArtifactError, match=r"arrays\.npz cannot be read"):
        load_artifact(folder)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("field", ["version", "n_trees", "a new one"])
def test_any_field_of_the_manifest_that_was_edited_is_found(folder, field):
    replace_manifest(folder, **{field: 7})
    with pytest.raises(ArtifactError, match=r"does not have the digest that manifest\.json states"):
        load_artifact(folder)


def test_a_leaf_that_is_no_number_is_refused(fitted, folder):
    arrays = {name: values.copy() for name, values in forest_arrays(fitted.forest_).items()}
    arrays["nodes"]["threshold"][np.flatnonzero(arrays["nodes"]["kind"] == 2)[3]] = np.nan
    with pytest.raises(ArtifactError, match="a leaf's value is not finite"):
        forest_from_arrays(arrays, folder)


def tampered(fitted, **changes):
    return forest_arrays(fitted.forest_) | changes


@pytest.mark.parametrize(
    "change",
    [
        "an array missing",
        "another node layout",
        "a child outside the trees",
        "a feature outside the rows",
        "a root outside the trees",
        "shape of another size",
        "no tiers",
    ],
)
def test_arrays_that_are_no_forest_are_refused(fitted, folder, change):
    arrays = {name: values.copy() for name, values in forest_arrays(fitted.forest_).items()}
    inner = np.flatnonzero(arrays["nodes"]["kind"] != 2)
    if change == "an array missing":
        del arrays["roots"]
    elif change == "another node layout":
        arrays["nodes"] = arrays["nodes"]["threshold"].copy()
    elif change == "a child outside the trees":
        arrays["nodes"]["right"][inner[3]] = len(arrays["nodes"]) + 5
    elif change == "a feature outside the rows":
        arrays["nodes"]["feature"][inner[3]] = 99
    elif change == "a root outside the trees":
        arrays["roots"][-1] = len(arrays["nodes"])
    elif change == "shape of another size":
        arrays["shape"] = arrays["shape"][:2]
    else:
        arrays["shape"][1] = 0
    with pytest.raises(ArtifactError, match="lacks what a forest needs"):
        forest_from_arrays(arrays, folder)


def test_a_folder_that_cannot_be_written_is_left_alone(fitted, tmp_path):
    target = tmp_path / "notes"
    target.mkdir()
    (target / "mine.txt").write_text("keep")
    with pytest.raises(CreditModelError):
        save_artifact(target, {}, forest_arrays(fitted.forest_))
    assert [path.name for path in target.iterdir()] == ["mine.txt"]
    assert [path.name for path in tmp_path.iterdir()] == ["notes"]


def test_a_lone_array_in_place_of_the_archive_is_refused(folder):
    def write(path):
        with path.open("wb") as file:  # np.save itself would add a suffix
            np.save(file, np.zeros(3))

    stored_with_right_digest(folder, write)
    with pytest.raises(ArtifactError, match=r"arrays\.npz cannot be read"):
        load_artifact(folder)
