"""The recipes' networks, one a file. Each is a function `build(**options) -> torch.nn.Module` in eval mode."""

NETWORKS: dict[str, str] = {
    "digits-cnn": "edgekit.zoo.digits_cnn:digits_cnn",
    "efficientnet-lite0": "edgekit.zoo.efficientnet_lite0:efficientnet_lite0",
    "text-transformer": "edgekit.zoo.text_transformer:text_transformer",
    "mobile-cnn": "edgekit.zoo.mobile_cnn:mobile_cnn",
    "resnet20": "edgekit.zoo.resnet20:resnet20",
    "speech-lstm": "edgekit.zoo.speech_lstm:speech_lstm",
    "vowels-gru": "edgekit.zoo.vowels_gru:vowels_gru",
}
"""Name in a recipe -> module:function."""
