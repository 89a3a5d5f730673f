"""Programs that throw damaged messages at the grammar for as long as one likes."""
