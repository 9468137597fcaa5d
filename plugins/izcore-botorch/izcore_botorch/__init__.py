"""Gaussian-process surrogates for izcore, on BoTorch."""
