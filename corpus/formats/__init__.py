"""The formats that articles come in: a module each, all of them loaded only when one is read."""
