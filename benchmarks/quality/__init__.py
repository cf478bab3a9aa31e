"""How good the dubs are: generated dialogues, dubbed by the whole product, beside three ways the field does it."""
