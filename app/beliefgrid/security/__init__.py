"""What stands between the network and the application: who may reach it, and how."""
