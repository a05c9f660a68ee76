"""The other libraries, one file each. Every function takes a problem and gives numbers under our names."""
