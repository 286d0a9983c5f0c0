console=hvc0
