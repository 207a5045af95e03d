import Cellar
