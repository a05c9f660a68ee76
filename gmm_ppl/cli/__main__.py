"""`python -m gmm_ppl.cli`, as `gmm-ppl`."""

from gmm_ppl.cli import main

main()
