"""The author's workshop: prove, preview, calibrate, publish. No verdict follows from it."""
