"""Parts of the Evaluate page, a tab or a panel each."""
