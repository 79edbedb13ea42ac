"""What falls due on a borrower and what there is to meet it (资金阶梯)."""
