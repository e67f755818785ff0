"""Settings: typed, with ranges, checked before anything heavy starts."""

from pathlib import Path

import pytest
from pydantic import field_validator

from artbench.errors import UsageError
from artbench.pretrain.settings import Settings, read_settings
from artbench_moco.settings import FirstSettings, QueueSettings, ThirdSettings, TransformerSettings


def test_values_are_read_as_their_types() -> None:
    pairs = ["epochs=3", "lr=1e-3", "optimizer=adamw", "milestones=0.25,0.5", "mlp=false", "crop_size=none"]
    settings = read_settings(QueueSettings, pairs=pairs)
    assert (settings.epochs, settings.lr, settings.optimizer) == (3, 1e-3, "adamw")
    assert (settings.milestones, settings.mlp, settings.crop_size) == ((0.25, 0.5), False, None)


@pytest.mark.parametrize(
    ("pair", "told"),
    [
        ("momentum=1.5", "momentum=1.5 is outside its range, 0 to 1"),
        ("temperature=0", "above 0 to 10"),
        ("optimizer_momentum=1", "0 to below 1"),
        ("epochs=0", "1 to 100000"),
        ("epochs=many", "epochs=many: it takes a whole number, 1 to 100000."),
        ("epochs=1.5", "epochs=1.5: it takes a whole number, 1 to 100000."),
        ("epochs=none", "epochs=none: it takes a whole number, 1 to 100000."),
        ("epochs=true", "epochs=true: it takes a whole number, 1 to 100000."),
        ("steps=abc", "steps=abc: it takes a whole number, 1 to 1000000000, or none."),
        ("steps=", "steps is given without a value: it takes a whole number, 1 to 1000000000, or none."),
        (f"steps={'9' * 5000}", f"steps={'9' * 60}…: it takes a whole number"),
        ("optimizer=adam", "optimizer=adam: it takes sgd, lars or adamw."),
        ("dtype=", "dtype is given without a value: it takes auto, float32, bfloat16 or float16."),
        ("mlp=ja", "mlp=ja: it takes true or false."),
        ("mlp=", "mlp is given without a value: it takes true or false."),
        ("lr=nan", "lr=nan: it takes a number, above 0 to 100."),
        ("lr=inf", "lr=inf: it takes a number, above 0 to 100."),
        ("lr=0,1", "lr=0,1: it takes a number, above 0 to 100."),
        ("weight_decay=nan", "weight_decay=nan is outside its range, 0 to 1"),
        ("momentum=-inf", "momentum=-inf is outside its range, 0 to 1"),
        ("milestones=half", "milestones=half: it takes numbers with commas between them."),
        ("milestones=0.5,half", "milestones=0.5,half: it takes numbers with commas between them."),
        ("milestones=", "milestones is given without a value: it takes numbers with commas between them."),
        ("milestones=nan", "milestones are shares of the training, ascending, between 0 and 1."),
        ("momentun=0.9", "The nearest: momentum"),
        ("batch_size=100", "no multiple of sub_batch=32"),
        ("milestones=0.8,0.6", "ascending"),
        ("blur_sigma_min=3", "above blur_sigma_max"),
        ("crop_scale_max=0.1", "crop_scale is above crop_scale_max"),
        ("crop_scale_max=1.2", "crop_scale_max=1.2 is outside its range, above 0 to 1"),
        ("momentum", "KEY=VALUE"),
    ],
)
def test_what_is_wrong_is_refused_with_the_range_or_the_nearest_name(pair: str, told: str) -> None:
    with pytest.raises(UsageError) as refusal:
        read_settings(QueueSettings, pairs=[pair])
    assert told in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_setting_of_a_plugins_own_type_is_refused_in_its_words() -> None:
    class Own(Settings):
        colours: frozenset[str] = frozenset()
        side: int = 8

        @field_validator("side")
        @classmethod
        def _even(cls, side: int) -> int:
            if side % 2:
                raise ValueError("sides are even")
            return side

    for pair, told in (("colours=red", "colours=red: Input should be"), ("side=3", "side=3: sides are even.")):
        with pytest.raises(UsageError) as refusal:
            read_settings(Own, pairs=[pair])
        assert told in str(refusal.value)


def test_a_file_gives_settings_and_the_command_line_goes_before_it(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('epochs = 5\nlr = 0.1\nmilestones = [0.5]\noptimizer = "lars"\n')
    settings = read_settings(Settings, toml=file, pairs=["epochs=7"])
    assert (settings.epochs, settings.lr, settings.milestones, settings.optimizer) == (7, 0.1, (0.5,), "lars")
    for line, told in (
        ("lr = true", "lr=true: it takes a number, above 0 to 100."),
        ("lr = [0.1]", "lr=[0.1]: it takes a number, above 0 to 100."),
        ("milestones = 0.5", "milestones=0.5: it takes numbers with commas between them."),
        ("one_source = 2024-01-01", "one_source=2024-01-01: it takes true or false."),
        ("[optimizer]", "optimizer={}: it takes sgd, lars or adamw."),
    ):
        file.write_text(line + "\n")
        with pytest.raises(UsageError) as refusal:
            read_settings(Settings, toml=file)
        assert str(refusal.value) == told
    file.write_text("epochs = \n")
    with pytest.raises(UsageError, match=r"settings\.toml is not TOML"):
        read_settings(Settings, toml=file)
    with pytest.raises(UsageError, match="can't be read"):
        read_settings(Settings, toml=tmp_path / "none.toml")


def test_the_learning_rate_follows_the_batch() -> None:
    assert read_settings(Settings, pairs=["batch_size=512", "lr=0.03"]).scaled_lr == pytest.approx(0.06)
    assert ThirdSettings().scaled_lr == pytest.approx(0.6 * 16)


def test_the_originals_defaults() -> None:
    first, second, third, transformer = FirstSettings(), QueueSettings(), ThirdSettings(), TransformerSettings()
    assert (first.temperature, second.temperature, third.temperature, transformer.temperature) == (0.07, 0.2, 1.0, 0.2)
    assert (first.momentum, second.momentum, third.momentum, transformer.momentum) == (0.999, 0.999, 0.99, 0.99)
    assert [s.optimizer for s in (first, second, third, transformer)] == ["sgd", "sgd", "lars", "adamw"]
    assert [s.lr for s in (first, second, third, transformer)] == [0.03, 0.03, 0.6, 1.5e-4]
    assert [s.weight_decay for s in (first, second, third, transformer)] == [1e-4, 1e-4, 1e-6, 0.1]
    assert [s.batch_size for s in (first, second, third, transformer)] == [256, 256, 4096, 4096]
    assert [s.epochs for s in (first, second, third, transformer)] == [200, 200, 100, 300]
    assert [s.schedule for s in (first, second, third, transformer)] == ["steps", "cosine", "cosine", "cosine"]
    assert (first.mlp, second.mlp, first.dim, second.dim, third.dim) == (False, True, 128, 128, 256)
    assert (first.blur_p, second.blur_p, third.blur_p, third.blur_p_second) == (0, 0.5, 1.0, 0.1)
    assert (first.jitter_p, first.hue, second.jitter_p, second.hue, third.saturation) == (1.0, 0.4, 0.8, 0.1, 0.2)
    assert (third.solarise_p, third.solarise_p_second, third.crop_scale, transformer.crop_scale) == (0, 0.2, 0.2, 0.08)
    assert (third.projector_layers, transformer.projector_layers, transformer.warmup_epochs) == (2, 3, 40)
    assert (third.freeze_patch_embedding, transformer.freeze_patch_embedding) == (False, True)
