"""個人番号 (My Number, twelve digits) in clear text: found in bytes, scored, told without the number."""

from detectors.mynumber.detector import MyNumberDetector
from detectors.mynumber.settings import MyNumberSettings

__all__ = ["MyNumberDetector", "MyNumberSettings"]
