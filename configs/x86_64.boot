console=ttyS0
