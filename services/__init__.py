"""The services of LocalClip, one package each; they share `shared` and never import each other."""
