"""What borrowers paid by themselves in a period, summed up and checked (自主支付汇总)."""
