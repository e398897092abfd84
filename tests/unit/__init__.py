"""One part at a time: values in, values out."""
