console=ttyAMA0
