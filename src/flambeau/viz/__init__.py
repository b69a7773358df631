"""Pictures and tables of what a network is and does: graphs, shapes, costs, curves."""
