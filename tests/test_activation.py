"""The neuron itself: what the rule of section 15 says."""

import numpy as np
import pandas as pd

from lib.claims import words


def test_the_verdict_on_the_relu_asks_only_what_was_trained():
    loss = pd.DataFrame({"relu": [0.3, np.nan], "linear": [0.4, np.nan]}, index=["relu", "identity"])
    word, evidence = words.on_activation(pd.Series({"relu": 1.2, "linear": 1.0}), loss)
    assert word == "holds" and evidence.endswith(
        "1.20 with a ReLU and 1.00 with none. The least loss for ReLU(x) is that of relu."
    )
    assert words.on_activation(pd.Series({"gelu": 1.2, "linear": 1.0}), loss)[0] == "not tested"
    assert words.on_activation(pd.Series({"relu": 1.0, "linear": 1.0}), loss)[0] == "fails"
