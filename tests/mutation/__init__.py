"""How well the tests watch: modules are broken in small ways, one at a time, and their own tests are to notice."""
