"""looks: every screen of the dashboard in every state, at three widths, light and dark: axe finds nothing, nothing scrolls sideways; pictures in LOOKS=FOLDER"""
