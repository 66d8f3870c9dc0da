"""Scenarios played against python-socketio and against us in this process, and compared."""
