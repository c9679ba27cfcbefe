"""Which engines a model is fitted by, and on which device."""

from __future__ import annotations

from importlib import import_module

from credit_model.errors import EngineError

#: "auto" is the package's own booster where it can, "sklearn" that of pairs by scikit-learn.
ENGINES = ("auto", "sklearn", "lightgbm", "xgboost")
#: Where XGBoost fits.
DEVICES = ("cpu", "cuda")
#: What they are called.
_TITLES = {"lightgbm": "LightGBM", "xgboost": "XGBoost"}


def check_engine(engine: str, device: str) -> None:
    """Refuse an engine or a device that is none, or that is not here.

    Parameters
    ----------
    engine : str
        One of `ENGINES`.
    device : str
        One of `DEVICES`.

    Raises
    ------
    ValueError
        There is no such engine or device.
    EngineError
        The engine's library is not installed, or there is no such device for it.
    """
    if engine not in ENGINES:
        raise ValueError(f"engine must be one of {', '.join(ENGINES)}, got {engine!r}")
    if device not in DEVICES:
        raise ValueError(f"device must be one of {', '.join(DEVICES)}, got {device!r}")
    if device == "cuda" and engine != "xgboost":
        raise EngineError(f"device 'cuda' goes with engine 'xgboost', got engine {engine!r}; leave out one of them")
    if engine in _TITLES:
        try:
            import_module(engine)
        except ImportError:
            raise EngineError(
                f"engine {engine!r} fits by {_TITLES[engine]}, which is not installed; install it with "
                f'pip install "credit-model[{engine}]"'
            ) from None
    if device == "cuda":
        from credit_model.model.engines.xgboost import check_cuda

        check_cuda()
